// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#include <new>
#include <string>
#include <string_view>
#include <type_traits>

namespace dunlin {

using ErrSet = void(DUNLIN_CALL*)(dunlin_err*, dunlin_status, dunlin_str, dunlin_str);

/// Runs a body and turns whatever it throws into a status: the only door between C++ and the
/// contract. A body may return a dunlin_status (DUNLIN_DONE, say) or nothing.
template <class Body>
dunlin_status guard(ErrSet err_set, dunlin_err* err, Body&& body) noexcept {
    const auto fail = [&](dunlin_status status, const char* message, std::string_view detail) {
        if (err) err_set(err, status, to_abi(message), to_abi(detail));
        return status;
    };
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return DUNLIN_OK;
        } else {
            return body();
        }
    } catch (const Error& e) {
        return fail(e.status(), e.what(), e.detail_json());
    } catch (const Json::exception& e) {  // JSON of a shape the code did not expect.
        return fail(DUNLIN_E_DATA, e.what(), {});
    } catch (const std::bad_alloc&) {
        return fail(DUNLIN_E_LIMIT, "out of memory", {});
    } catch (const std::exception& e) {
        return fail(DUNLIN_E_INTERNAL, e.what(), {});
    } catch (...) {
        return fail(DUNLIN_E_INTERNAL, "an exception of an unknown type", {});
    }
}

/// An error sink on the C++ side: pass sink(), then check() what came back. Only the two C members
/// of dunlin_err are seen by the other side, never the strings.
class ErrorSink {
public:
    dunlin_err* sink() noexcept {
        abi_ = {this, &keep};
        return &abi_;
    }
    const std::string& message() const noexcept { return message_; }
    const std::string& detail_json() const noexcept { return detail_json_; }

    /// Throws what a failed call said; DUNLIN_OK and DUNLIN_DONE pass. `what` is used when the
    /// callee said nothing.
    void check(dunlin_status status, const char* what) const {
        if (status == DUNLIN_OK || status == DUNLIN_DONE) return;
        if (message_.empty()) {
            throw Error(status, std::string(what) + ": " + status_name(status));
        }
        throw Error(status, message_, detail_json_);
    }

    /// The err_set that a host offers in its table.
    static void DUNLIN_CALL set(dunlin_err* err, dunlin_status status, dunlin_str message,
                                dunlin_str detail_json) noexcept {
        if (err && err->set) err->set(err->ctx, status, message, detail_json);
    }

private:
    static void DUNLIN_CALL keep(void* ctx, dunlin_status, dunlin_str message,
                                 dunlin_str detail_json) noexcept {
        auto* self = static_cast<ErrorSink*>(ctx);
        try {
            self->message_ = to_view(message);
            self->detail_json_ = to_view(detail_json);
        } catch (...) {  // Out of memory: the status alone must do.
            self->message_.clear();
            self->detail_json_.clear();
        }
    }

    dunlin_err abi_{};
    std::string message_;
    std::string detail_json_;
};

/// A writer that appends to a string, up to a limit.
class StringWriter {
public:
    explicit StringWriter(std::string& out, std::size_t bytes_max = SIZE_MAX)
        : out_(out), bytes_max_(bytes_max) {}
    StringWriter(const StringWriter&) = delete;
    StringWriter& operator=(const StringWriter&) = delete;

    const dunlin_writer* abi() const noexcept { return &writer_; }
    /// Whether more was written than the limit allows; the string holds what came before.
    bool is_too_large() const noexcept { return is_too_large_; }

private:
    static dunlin_status DUNLIN_CALL append(void* ctx, const void* bytes, uint64_t n) noexcept {
        const auto& self = *static_cast<const StringWriter*>(ctx);
        if (n > self.bytes_max_ - self.out_.size()) self.is_too_large_ = true;
        if (self.is_too_large_) return DUNLIN_E_LIMIT;
        try {
            self.out_.append(static_cast<const char*>(bytes), static_cast<std::size_t>(n));
            return DUNLIN_OK;
        } catch (...) {
            return DUNLIN_E_LIMIT;
        }
    }
    std::string& out_;
    std::size_t bytes_max_;
    mutable bool is_too_large_ = false;
    dunlin_writer writer_{this, &append};
};

/// Writes text to the other side's writer and throws when it refuses.
inline void write_to(const dunlin_writer* writer, std::string_view text) {
    const auto status = writer->write(writer->ctx, text.data(), text.size());
    if (status != DUNLIN_OK) throw Error(status, "the reply is larger than the caller accepts");
}

}  // namespace dunlin
