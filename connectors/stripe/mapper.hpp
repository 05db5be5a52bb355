// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reader.hpp"
#include "value.hpp"

namespace dunlin::stripe {

// Each adds the rows that one of Stripe's objects is. Throws BadValue for one that cannot be read.

void map_company(const Json& account, Reader& reader, Rows& rows);
void map_customer(const Json& customer, Reader& reader, Rows& rows);
/// An invoice with its customer in it: the customer, if it was deleted.
void map_deleted_customer(const Json& invoice, Reader& reader, Rows& rows);
void map_contacts(const Json& customer, Reader& reader, Rows& rows);

void map_invoice(const Json& invoice, Reader& reader, Rows& rows);
void map_credit_note(const Json& note, Reader& reader, Rows& rows);
void map_invoice_lines(const Json& invoice, Reader& reader, Rows& rows);
void map_credit_note_lines(const Json& note, Reader& reader, Rows& rows);

void map_charge(const Json& charge, Reader& reader, Rows& rows);
/// A refund and a dispute with their charges in them.
void map_refund(const Json& refund, Reader& reader, Rows& rows);
void map_dispute(const Json& dispute, Reader& reader, Rows& rows);
/// An invoice that was paid outside of Stripe.
void map_outside_payment(const Json& invoice, Reader& reader, Rows& rows);

/// What the customer's balance settled, and what was written off.
void map_invoice_adjustments(const Json& invoice, Reader& reader, Rows& rows);
/// What a credit note gave back other than by a refund.
void map_credit_note_adjustment(const Json& note, Reader& reader, Rows& rows);
/// What a refund gave back without a credit note.
void map_refund_adjustment(const Json& refund, Reader& reader, Rows& rows);

void map_charge_allocation(const Json& charge, Reader& reader, Rows& rows);
void map_credit_note_allocations(const Json& note, Reader& reader, Rows& rows);
void map_refund_allocation(const Json& refund, Reader& reader, Rows& rows);
void map_outside_allocation(const Json& invoice, Reader& reader, Rows& rows);

/// An invoice as the ledger sees it, in Stripe's unit.
struct Owed {
    int64_t total = 0;         // What the customer was asked for.
    int64_t from_balance = 0;  // Settled by the customer's balance.
    int64_t outside = 0;       // Paid outside of Stripe.
    int64_t lost = 0;          // Marked uncollectible.
    int64_t open = 0;
    bool is_void = false;
};
/// Nothing for a draft, and for an invoice that gave something back: that went to the balance.
std::optional<Owed> owed_of(const Json& invoice);
/// What a credit note gave back and its refund did not, in Stripe's unit.
int64_t given_otherwise(const Json& note);

/// What the bank took back for a customer and keeps, in Stripe's unit.
int64_t taken_back_by(const Json& dispute, const Reader& reader);

/// Is this charge money of a customer that the ledger has?
bool is_payment(const Json& charge, const Reader& reader);

}  // namespace dunlin::stripe
