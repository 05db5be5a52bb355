// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/guard.hpp>

#include <type_traits>

namespace dunlin {

// Tables of C functions, as a host serves them and a fake host in a plugin's tests does.

/// Texts are views on this side of the contract and dunlin_str on the other.
template <class T>
using Abi = std::conditional_t<std::is_same_v<T, std::string_view>, dunlin_str, T>;
template <class T>
T from_abi(Abi<T> value) {
    if constexpr (std::is_same_v<T, std::string_view>)
        return to_view(value);
    else
        return value;
}
template <class T>
Abi<T> as_abi(T value) {
    if constexpr (std::is_same_v<T, std::string_view>)
        return to_abi(value);
    else
        return value;
}

template <auto body>
struct Entry;
template <class R, class... Args, R (*body)(Args...)>
struct Entry<body> {
    static dunlin_status DUNLIN_CALL with_error(Abi<Args>... args, dunlin_err* err) noexcept {
        return guard(&ErrorSink::set, err, [&] { return body(from_abi<Args>(args)...); });
    }
    static Abi<R> DUNLIN_CALL without_error(Abi<Args>... args) noexcept {
        if constexpr (std::is_void_v<R>) {
            guard(&ErrorSink::set, nullptr, [&] { body(from_abi<Args>(args)...); });
        } else {
            Abi<R> out{};
            guard(&ErrorSink::set, nullptr, [&] { out = as_abi(body(from_abi<Args>(args)...)); });
            return out;
        }
    }
};

/// The entries of a service table are functions that may throw. entry<f> answers with the status of
/// what was thrown and explains it in the sink that the caller gave; quiet<f> is for entries
/// without a sink: they answer nothing, or zero when something was thrown.
template <auto body>
constexpr auto entry = &Entry<body>::with_error;
template <auto body>
constexpr auto quiet = &Entry<body>::without_error;

}  // namespace dunlin
