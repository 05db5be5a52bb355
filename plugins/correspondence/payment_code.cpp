// SPDX-License-Identifier: Apache-2.0
#include "payment_code.hpp"

#include <dunlin/error.hpp>
#include <dunlin/http.hpp>
#include <dunlin/money.hpp>

#include <qrencode.h>

#include <algorithm>
#include <memory>

namespace dunlin::correspondence {

namespace {

constexpr int64_t cent = Money::scale / 100;
constexpr int64_t most = 99'999'999'999 * cent;
constexpr int quiet = 4;  // Modules around the code that stay white.

std::string without_spaces(std::string text) {
    std::erase(text, ' ');
    return text;
}

/// At most n bytes of whole characters, on one line.
std::string clipped(std::string text, std::size_t n) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    if (text.size() <= n) return text;
    while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80U) --n;
    return text.substr(0, n);
}

}  // namespace

bool is_iban(const std::string& given) {
    const auto text = without_spaces(given);
    if (text.size() < 15 || text.size() > 34) return false;
    int rest = 0;
    for (const char c : text.substr(4) + text.substr(0, 4)) {
        if (c >= '0' && c <= '9') {
            rest = (rest * 10 + (c - '0')) % 97;
        } else if (c >= 'A' && c <= 'Z') {
            rest = (rest * 100 + (c - 'A' + 10)) % 97;
        } else {
            return false;
        }
    }
    return rest == 1;
}

std::string payment_text(const Payment& payment) {
    if (!is_iban(payment.iban) || payment.payee.empty()) {
        throw Error(DUNLIN_E_INVALID, "a payment code needs a payee and an IBAN");
    }
    if (payment.amount < cent || payment.amount > most || payment.amount % cent != 0) {
        throw Error(DUNLIN_E_INVALID, "a payment code is for 0.01 to 999999999.99 EUR");
    }
    return "BCD\n002\n1\nSCT\n" + without_spaces(payment.bic) + "\n" + clipped(payment.payee, 70) +
           "\n" + without_spaces(payment.iban) + "\nEUR" + Money::text_of(payment.amount, 2) +
           "\n\n\n" + clipped(payment.reference, 140);
}

std::string filled_link(const std::string& form, const std::string& reference, int64_t amount,
                        const std::string& currency) {
    auto out = form;
    const auto put = [&](std::string_view place, const std::string& value) {
        for (auto at = out.find(place); at != std::string::npos; at = out.find(place)) {
            out.replace(at, place.size(), percent_encoded(value));
        }
    };
    put("{reference}", reference);
    put("{amount}", Money::text_of(amount, minor_digits(currency)));
    put("{currency}", currency);
    return out;
}

std::string qr_svg(const std::string& text) {
    const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
        QRcode_encodeData(static_cast<int>(text.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M),
        &QRcode_free);
    if (!code) throw Error(DUNLIN_E_LIMIT, "a text does not fit into a QR code");
    const int width = code->width, all = width + 2 * quiet;
    std::string path;
    for (int y = 0; y < width; ++y) {
        // A run of modules is one shape: there are half as many of them.
        for (int x = 0, n = 0; x < width; x += n + 1) {
            for (n = 0; x + n < width && (code->data[y * width + x + n] & 1U) != 0;) ++n;
            if (n == 0) continue;
            const auto run = std::to_string(n);
            path += "M" + std::to_string(x + quiet) + " " + std::to_string(y + quiet) + "h" + run +
                    "v1h-" + run + "z";
        }
    }
    const auto side = std::to_string(all);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + side + " " + side +
           "\" width=\"33mm\" height=\"33mm\"><path fill=\"#fff\" d=\"M0 0h" + side + "v" + side +
           "H0z\"/><path d=\"" + path + "\"/></svg>";
}

}  // namespace dunlin::correspondence
