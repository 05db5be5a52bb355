// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace dunlin::correspondence {

/// What a payer's bank needs to know, as the European Payments Council's guidelines for QR codes
/// (EPC069-12, version 2) write it.
struct Payment {
    std::string payee, iban, bic;
    int64_t amount = 0;  // In 1/10000 EUR.
    std::string reference;
};

/// Whether an account number is an IBAN with right check digits; spaces aside.
bool is_iban(const std::string& text);

/// The text of the code. Error invalid for what no bank takes: no IBAN, no payee, an amount below
/// 0.01 or above 999,999,999.99, or one with parts of a cent.
std::string payment_text(const Payment& payment);

/// The operator's address for paying online, such as "https://pay.example/?r={reference}", with
/// what is to be paid in it: {reference}, {amount} as 1190.00, {currency}.
std::string filled_link(const std::string& form, const std::string& reference, int64_t amount,
                        const std::string& currency);

/// A QR code as SVG, error correction M. Error limit for more than fits into one.
std::string qr_svg(const std::string& text);

}  // namespace dunlin::correspondence
