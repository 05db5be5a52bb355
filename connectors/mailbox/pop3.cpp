// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <sstream>

#include "box.hpp"
#include "text.hpp"

namespace dunlin::mailbox {

namespace {

constexpr long connect_seconds = 30;
constexpr long silent_seconds = 60;
constexpr curl_off_t told_bytes = 65536;
constexpr std::size_t list_bytes = std::size_t{64} << 20U;

/// One session with a POP3 server, which keeps what it has. Numbers of messages hold within one
/// connection only, so nothing is asked over a second one.
class Pop3 : public Box {
public:
    explicit Pop3(const Settings& settings) : settings_(settings), curl_(make()) {
        auto* curl = curl_.get();
        const bool is_tls = settings.tls == "tls";
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_PROTOCOLS_STR, is_tls ? "pop3s" : "pop3");
        if (settings.tls == "starttls") set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
        if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
        set(CURLOPT_USERNAME, settings.user.c_str());
        set(CURLOPT_PASSWORD, settings.password.c_str());
        set(CURLOPT_CONNECTTIMEOUT, connect_seconds);
        set(CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(CURLOPT_LOW_SPEED_TIME, silent_seconds);
        set(CURLOPT_SERVER_RESPONSE_TIMEOUT, silent_seconds);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_WRITEFUNCTION, &take);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &hear);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, &look);
        set(CURLOPT_XFERINFODATA, this);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_.data());
        url_ = (is_tls ? "pop3s://" : "pop3://") + settings.server + "/";
    }

    std::vector<Item> list(const Cancel& cancel) override {
        set(CURLOPT_CUSTOMREQUEST, "UIDL");
        ask("", list_bytes, cancel);
        set(CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
        if (size_ > bytes_.size()) {
            throw Error(DUNLIN_E_DATA,
                        "the list of " + settings_.server + " has no end; empty the mailbox");
        }
        std::vector<Item> out;
        std::istringstream lines(bytes_);
        for (std::string line; std::getline(lines, line);) {
            Item one;
            std::istringstream words(line);
            if (!(words >> one.number >> one.name)) continue;
            one.key = key_of(one.name);
            out.push_back(std::move(one));
        }
        return out;
    }

    std::optional<Received> read(const Item& item, const Cancel& cancel) override {
        ask(std::to_string(item.number), settings_.message_bytes, cancel);
        Received out;
        out.size = static_cast<int64_t>(size_);
        out.bytes = std::move(bytes_);
        if (size_ > settings_.message_bytes && out.bytes.size() > beginning_bytes) {
            out.bytes.resize(beginning_bytes);
        }
        return out;
    }

private:
    struct Free {
        void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    };
    static CURL* make() {
        static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
        auto* out = is_ready ? curl_easy_init() : nullptr;
        if (!out) throw Error(DUNLIN_E_INTERNAL, "libcurl does not start");
        return out;
    }
    template <class Value>
    void set(CURLoption option, Value value) {
        if (const auto code = curl_easy_setopt(curl_.get(), option, value); code != CURLE_OK) {
            throw Error(DUNLIN_E_INTERNAL, std::string("libcurl: ") + curl_easy_strerror(code));
        }
    }

    void ask(const std::string& path, std::size_t bytes_max, const Cancel& cancel) {
        bytes_.clear();
        said_.clear();
        size_ = 0;
        bytes_max_ = bytes_max;
        cancel_ = &cancel;
        error_[0] = '\0';
        set(CURLOPT_URL, (url_ + path).c_str());
        const auto code = curl_easy_perform(curl_.get());
        cancel.throw_if_requested();
        if (code != CURLE_OK) refuse(code);
        long made = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_NUM_CONNECTS, &made);
        if (made > 0 && !path.empty()) {
            throw unavailable("the connection to " + settings_.server +
                              " broke off; it is read on over another one");
        }
    }

    [[noreturn]] void refuse(CURLcode code) const {
        auto why = said_.empty() ? std::string(error_.data()) : said_;
        if (why.empty()) why = curl_easy_strerror(code);
        const auto what = "the mail server " + settings_.server;
        switch (code) {
            case CURLE_LOGIN_DENIED:
                // RFC 2449 and 3206: somebody else has the box open, or it was asked too often.
                if (why.find("[IN-USE]") != std::string::npos ||
                    why.find("[LOGIN-DELAY]") != std::string::npos ||
                    why.find("[SYS/TEMP]") != std::string::npos) {
                    throw unavailable(what + " says: " + why);
                }
                throw Error(DUNLIN_E_DENIED, what + " does not let \"" + settings_.user +
                                                 "\" in (" + why +
                                                 "); correct \"user\", or the secret that "
                                                 "\"password\" names");
            case CURLE_SSL_CACERT_BADFILE:
                throw Error(DUNLIN_E_INVALID,
                            "the list of authorities cannot be read (" + why +
                                "); install ca-certificates, or name a file in \"ca_file\"");
            case CURLE_PEER_FAILED_VERIFICATION:
                throw Error(DUNLIN_E_INVALID,
                            what + " shows a certificate that nobody vouches for (" + why +
                                "); name the authority's file in \"ca_file\"");
            case CURLE_USE_SSL_FAILED:
                throw Error(DUNLIN_E_INVALID,
                            what + " offers no STARTTLS; set tls = \"tls\" with its port for it");
            case CURLE_SSL_CONNECT_ERROR:
            case CURLE_URL_MALFORMAT:
                throw Error(DUNLIN_E_INVALID, what + " cannot be spoken to (" + why +
                                                  "); correct \"server\" or \"tls\"");
            default: throw unavailable(what + " cannot be read (" + why + ")");
        }
    }

    static std::size_t take(char* data, std::size_t, std::size_t size, void* self) {
        auto& box = *static_cast<Pop3*>(self);
        // What is too large goes by.
        const auto room = box.bytes_max_ - std::min(box.bytes_max_, box.bytes_.size());
        box.bytes_.append(data, std::min(room, size));
        box.size_ += size;
        return size;
    }
    static std::size_t hear(char* data, std::size_t, std::size_t size, void* self) {
        const std::string_view line(data, size);
        if (line.substr(0, 4) == "-ERR") static_cast<Pop3*>(self)->said_ = clean_line(line, 300);
        return size;
    }
    static int look(void* self, curl_off_t, curl_off_t now, curl_off_t, curl_off_t) {
        auto& box = *static_cast<Pop3*>(self);
        if (now < box.seen_ || now - box.seen_ >= told_bytes) {
            box.seen_ = now;
            box.cancel_->progress(now);
        }
        return box.cancel_->is_requested() ? 1 : 0;
    }

    const Settings settings_;
    std::unique_ptr<CURL, Free> curl_;
    std::string url_, bytes_, said_;
    std::size_t size_ = 0, bytes_max_ = 0;
    curl_off_t seen_ = 0;
    const Cancel* cancel_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace

std::unique_ptr<Box> open_pop3(const Settings& settings) {
    return std::make_unique<Pop3>(settings);
}

}  // namespace dunlin::mailbox
