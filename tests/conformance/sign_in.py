"""What gives out tokens at the stand-in (OAuth 2): access tokens that end when they are made to, and refresh tokens for one
use each. Whoever uses one a second time ends the whole sign-in, as real providers do, who cannot tell him from a thief.

    POST /oauth/token  grant_type=refresh_token&refresh_token=R   200 {"access_token", "refresh_token", "expires_in"}
                                                                  400 {"error": "invalid_grant"}
                                                                  401 {"error": "invalid_client"}
The client names itself by HTTP Basic, "dunlin" with the secret "dunlin-secret".
"""
import base64
import itertools
import threading

CLIENT = base64.b64encode(b"dunlin:dunlin-secret").decode()


class SignIn:
    """One person's consent, and the tokens that descend from it."""

    def __init__(self):
        self.refresh, self.access = None, set()  # What is good now.
        self.spent = None                        # The last refresh token that was used.
        self.is_over = False


class SignIns:
    def __init__(self):
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.by_refresh, self.by_access = {}, {}
        self.has_grace = False  # A refresh token may come again until what it was changed for is used.
        self.renewed = 0
        self.used = []          # Access tokens, in the order of their first use.

    def begin(self):
        """A person signs in; the first refresh token."""
        with self.lock:
            return self.give(SignIn())["refresh_token"]

    def give(self, sign_in):
        n = next(self.numbers)
        access, refresh = f"access-token-{n}", f"refresh-token-{n}"
        sign_in.refresh, self.by_refresh[refresh] = refresh, sign_in
        sign_in.access.add(access)
        self.by_access[access] = sign_in
        return {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 1800}

    def expire(self):
        """All access tokens end."""
        with self.lock:
            for sign_in in self.by_refresh.values():
                sign_in.access.clear()

    def over(self):
        """How many sign-ins were ended."""
        with self.lock:
            return len({id(one) for one in self.by_refresh.values() if one.is_over})

    def renew(self, client, grant_type, refresh_token):
        with self.lock:
            if client != "Basic " + CLIENT:
                return 401, {"error": "invalid_client"}
            sign_in = self.by_refresh.get(refresh_token)
            if grant_type != "refresh_token" or sign_in is None or sign_in.is_over:
                return 400, {"error": "invalid_grant"}
            if refresh_token != sign_in.refresh:
                if not (self.has_grace and refresh_token == sign_in.spent):
                    sign_in.is_over = True
                    sign_in.access.clear()
                    return 400, {"error": "invalid_grant", "error_description": "used before"}
            sign_in.spent = refresh_token
            self.renewed += 1
            return 200, self.give(sign_in)

    def admits(self, authorization):
        """Whether a request may pass; notes the first use."""
        access = authorization.removeprefix("Bearer ")
        with self.lock:
            sign_in = self.by_access.get(access)
            if sign_in is None or access not in sign_in.access:
                return False
            if access not in self.used:
                self.used.append(access)
                if sign_in.refresh == access.replace("access", "refresh"):
                    sign_in.spent = None  # Whoever uses it has it: the former refresh token ends.
            return True
