// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"
#include "xml.hpp"

namespace dunlin::ubl {

/// A UBL Invoice or CreditNote.
Document read_ubl(const Element& root);
/// A CrossIndustryInvoice of UN/CEFACT.
Document read_cii(const Element& root);

}  // namespace dunlin::ubl
