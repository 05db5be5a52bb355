"""What the kit has to know of a connector and of the system behind it. Subclass it and name the class `Adapter`."""


class Transaction:
    """Changes that the system shows when they are committed, with the time at which they were begun."""

    def put(self, entity, key, fields):
        raise NotImplementedError

    def commit(self):
        raise NotImplementedError


class AdapterBase:
    connector = ""       # The plugin's id.
    folder = None        # Where its module and plugin.json lie; None for one that Dunlin ships.
    timeout_seconds = 2  # After so long the connector gives up on an answer; settings() makes it that.
    # Which requests are which, as arguments of faults.Fault: path, method, body. {} stands for any.
    page_request = {}    # Asks for a page of customers.
    ids_request = None   # Asks which rows exist; None when deletions come otherwise.
    write_request = None  # Carries out a write-back; None when the connector takes none.
    find_request = None  # Asks by its key whether one was carried out.
    token_request = None  # Changes a refresh token; None when tokens do not change by being used.
    write_kind = "note"
    # Changes the credit limit of a customer; None when that cannot be written. has_precondition: when it is changed
    # there in the moment before, the system itself refuses ours.
    change_request = None
    has_precondition = False

    def url(self):
        """Where the system is, http only: the kit puts a proxy before it."""
        raise NotImplementedError

    def settings(self, url):
        """The source's settings, with the system at `url` (the proxy's) and a secret named "erp"."""
        raise NotImplementedError

    def secret(self):
        return "secret"

    def secrets(self):
        """Further secrets that the settings name: {name: value}."""
        return {}

    def signing_in(self):
        """The same system for a connector that signs in with tokens that change by being used: secret() is a new
        sign-in's first refresh token each time, token_request is set, and there are the four methods at the end. None
        when there is no such way in."""
        return None

    def refusals(self):
        """Settings or a secret that do not fit, and a word that must be in what is said about them:
        [(changes of settings, secret or None, word)]."""
        return []

    # Changes in the system. `key` is the kit's name for a row; fields are the canonical ones of the entity, amounts
    # and dates as text, references by the kit's keys. Customers come before their invoices.
    def put(self, entity, key, fields):
        raise NotImplementedError

    def remove(self, entity, key):
        raise NotImplementedError

    def external_id(self, entity, key):
        """What the connector calls the row."""
        return key

    def advance(self, seconds):
        """Moves the system's clock on, where it can be moved."""

    # What not every system can play: leave it out, and the kit says what it did not try.
    def transaction(self):
        """Begins a transaction, see above."""
        raise NotImplementedError

    def spoil(self, entity, key):
        """Makes a row one that cannot be mapped."""
        raise NotImplementedError

    def put_in_future(self, entity, key, fields):
        """A row whose time of change is ahead of the system's own clock."""
        raise NotImplementedError

    def effects(self):
        """The texts of all notes in the system, in the order in which they were made."""
        raise NotImplementedError

    def field(self, entity, key, name):
        """What the system has there now, as put() was given it. Needed with change_request."""
        raise NotImplementedError

    def write_body(self, text):
        """The body of a write-back that leaves a note with this text."""
        return {"text": text}

    # Of signing_in().
    def expire(self):
        """All access tokens end now."""
        raise NotImplementedError

    def renewals(self):
        """How many refresh tokens were changed so far."""
        raise NotImplementedError

    def ended(self):
        """How many sign-ins the system ended, because a refresh token was used that had been used before."""
        raise NotImplementedError

    def set_grace(self, is_on):
        """Whether a refresh token may come a second time as long as what it was changed for was not used."""
        raise NotImplementedError
