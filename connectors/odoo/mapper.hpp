// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "books.hpp"
#include "value.hpp"

/// Odoo's fields to canonical columns, one function for each kind of record.
namespace dunlin::odoo {

void map_company(const Json& company, const Books& books, Rows& rows);
void map_customer(const Json& partner, const Books& books, Rows& rows);
void map_contact(const Json& partner, const Books& books, Rows& rows);
void map_invoice(const Json& move, const Books& books, Rows& rows);
void map_invoice_line(const Json& line, const Books& books, Rows& rows);
void map_instalment(const Json& line, const Books& books, Rows& rows);
void map_payment(const Json& line, const Books& books, Rows& rows);
void map_adjustment(const Json& line, const Books& books, Rows& rows);
/// A reconciliation that leads from one customer or currency to another: an adjustment on each
/// side.
void map_transfer(const Json& partial, const Books& books, Rows& rows);
void map_allocation(const Json& partial, const Books& books, Rows& rows);
void map_rate(const Json& rate, const Books& books, Rows& rows);

}  // namespace dunlin::odoo
