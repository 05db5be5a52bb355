// SPDX-License-Identifier: Apache-2.0
#include "cash/reading.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "names.hpp"

namespace dunlin::receivables::cash {

bool Reading::is_family(int64_t id) const {
    return std::find(family.begin(), family.end(), id) != family.end();
}

namespace {

constexpr std::size_t foreign_least = 5;  // Shorter numbers of strangers are chance.
constexpr std::size_t slip_least = 5;
constexpr std::size_t text_cut_from = 130;
constexpr std::size_t family_charges_most = 5000;

class Reader {
public:
    Reader(const OpenBook& book, const Receipt& receipt)
        : book_(book), receipt_(receipt), tokens_(tokens_of(receipt.text)) {}

    Reading run() {
        find_payer();
        find_named();
        find_slips();
        count_unknown();
        const auto words = " " + folded_words() + " ";
        out_.says_part =
            holds(words, {" rate ", " teilzahlung ", " part ", " instalment ", " installment ",
                          " abschlag ", " acompte ", " conto ", " partial ", " anzahlung "});
        // A text that fills its space may have gone on.
        out_.says_more = receipt_.text.size() >= text_cut_from ||
                         holds(words, {" u a ", " ua ", " etc ", " others ", " ff ", " usw ",
                                       " div ", " diverse "});
        return std::move(out_);
    }

private:
    void payer_is(int64_t customer_id, const char* rule, int32_t points) {
        out_.customer_id = customer_id;
        const auto* payer = book_.payer(customer_id);
        out_.payer = {rule, points, payer ? payer->number : std::string()};
        out_.family = book_.family(customer_id);
    }
    /// One of them, when all belong together.
    bool payer_among(const std::vector<int64_t>& ids, const char* rule, int32_t points) {
        if (ids.empty()) return false;
        const auto family = book_.family(ids.front());
        for (const auto id : ids) {
            if (std::find(family.begin(), family.end(), id) == family.end()) return false;
        }
        payer_is(ids.front(), rule, points);
        return true;
    }
    void find_payer() {
        if (receipt_.customer_id != 0) {
            return payer_is(receipt_.customer_id, "payer_is_customer", 100);
        }
        if (!receipt_.bank_account.empty() &&
            payer_among(book_.with_account(receipt_.bank_account), "account_paid_before", 100)) {
            return;
        }
        const auto words = name_words(name_key(receipt_.payer_name));
        if (!words.empty() && payer_among(book_.with_name(words), "payer_has_name", 90)) return;
        for (const auto& token : tokens_) {
            if (token.text.size() < slip_least || !token.is_glued) continue;
            if (payer_among(book_.with_number(token.text), "text_has_customer_number", 70)) return;
        }
    }

    /// The surest and longest first; a part of the text is used once.
    void find_named() {
        struct Hit {
            std::size_t token;
            OpenBook::Found found;
            bool is_own;
        };
        std::vector<Hit> hits;
        for (std::size_t t = 0; t < tokens_.size(); ++t) {
            for (const auto& found : book_.named(tokens_[t])) {
                const auto& charge = book_.charge(found.charge);
                if (charge.currency != receipt_.currency) continue;
                const bool is_own = out_.is_family(charge.customer_id);
                const auto size = found.how == Written::digits ? tokens_[t].digits.size()
                                                               : tokens_[t].text.size();
                const bool is_weak = found.how == Written::tail || size < foreign_least;
                if (!is_own && is_weak) continue;
                hits.push_back({t, found, is_own});
            }
        }
        std::stable_sort(hits.begin(), hits.end(), [&](const Hit& a, const Hit& b) {
            const auto rank = [&](const Hit& hit) {
                const auto& token = tokens_[hit.token];
                return std::tuple(!hit.is_own, hit.found.how, -static_cast<int>(token.text.size()),
                                  !token.is_glued);
            };
            return rank(a) < rank(b);
        });
        for (std::size_t i = 0; i < hits.size(); ++i) {
            const auto& hit = hits[i];
            if (touches_used(tokens_[hit.token])) continue;
            // The same part of the text may fit several: what was paid decides, or nothing does.
            std::vector<std::size_t> fits;
            for (auto j = i; j < hits.size(); ++j) {
                const auto& other = hits[j];
                if (other.token == hit.token && other.is_own == hit.is_own &&
                    other.found.how == hit.found.how) {
                    fits.push_back(other.found.charge);
                }
            }
            used_.push_back(hit.token);
            take(fits, hit.found.how, hit.is_own);
        }
    }

    void take(std::vector<std::size_t> fits, Written how, bool is_own) {
        const bool is_only = fits.size() == 1;
        if (!is_only) {
            std::vector<std::size_t> exact;
            for (const auto at : fits) {
                if (book_.charge(at).open == receipt_.amount) exact.push_back(at);
            }
            if (exact.size() != 1) {
                std::erase_if(fits, [&](std::size_t at) { return book_.charge(at).open == 0; });
                if (fits.size() != 1) {
                    ++out_.unknown_numbers;
                    return;
                }
            } else {
                fits = exact;
            }
        }
        const auto at = fits.front();
        if (book_.charge(at).open == 0) {
            if (is_own) out_.paid.push_back(at);
            return;
        }
        const bool is_there = std::any_of(out_.named.begin(), out_.named.end(),
                                          [&](const Named& other) { return other.charge == at; });
        if (!is_there) out_.named.push_back({at, how, is_own, is_only});
    }

    bool touches_used(const Token& token) const {
        return std::any_of(used_.begin(), used_.end(),
                           [&](std::size_t t) { return tokens_[t].touches(token); });
    }

    bool is_slip(const Token& token, const NumberKeys& keys, Written& how) const {
        if (token.text.size() >= slip_least) {
            const auto folded = look_alike(token.text);
            how = Written::slip;
            if (is_one_slip_apart(folded, keys.full)) return true;
            if (token.digits.size() >= slip_least && is_one_slip_apart(token.digits, keys.digits)) {
                return true;
            }
            if (keys.tail.size() >= slip_least - 1 && token.digits.size() >= slip_least - 1 &&
                is_one_slip_apart(token.digits, keys.tail)) {
                return true;
            }
            // A slip in a number with letters in it, its prefix left out.
            if (token.digits.empty() && is_one_slip_apart(folded, keys.digits)) return true;
        }
        how = Written::cut;
        return token.is_last && receipt_.text.size() >= text_cut_from && token.text.size() >= 4 &&
               keys.full.starts_with(look_alike(token.text));
    }

    void find_slips() {
        std::vector<const Token*> free;
        for (const auto& token : tokens_) {
            if (!touches_own(token)) free.push_back(&token);
        }
        if (free.empty()) return;
        std::size_t looked_at = 0;
        for (const auto customer_id : out_.family) {
            for (const auto at : book_.of_customer(customer_id)) {
                const auto& charge = book_.charge(at);
                if (charge.open == 0 || charge.currency != receipt_.currency) continue;
                if (++looked_at > family_charges_most) return;
                add_slip(at, free);
            }
        }
        for (auto& slip : out_.slips) slip.is_only = slips_of_[slip_token_[slip.charge]] == 1;
    }
    void add_slip(std::size_t at, const std::vector<const Token*>& free) {
        for (const auto& other : out_.named) {
            if (other.charge == at) return;
        }
        Written how = Written::slip;
        for (const auto* token : free) {
            if (!is_slip(*token, book_.keys(at), how)) continue;
            out_.slips.push_back({at, how, true, true});
            slip_token_[at] = token->last;
            ++slips_of_[token->last];
            return;
        }
    }
    bool touches_own(const Token& token) const {
        for (const auto t : used_) {
            if (!tokens_[t].touches(token)) continue;
            for (const auto& found : book_.named(tokens_[t])) {
                const auto& charge = book_.charge(found.charge);
                if (charge.open > 0 && out_.is_family(charge.customer_id)) return true;
            }
        }
        return false;
    }

    /// What begins as the numbers of the payer do, is as long, and is none of them.
    void count_unknown() {
        std::size_t looked_at = 0;
        for (const auto& token : tokens_) {
            if (!token.is_glued || token.text.size() < slip_least || touches_used(token)) continue;
            const auto folded = look_alike(token.text);
            bool is_like = false;
            for (const auto at : book_.of_customer(out_.customer_id)) {
                if (++looked_at > family_charges_most || is_like) break;
                const auto& keys = book_.keys(at);
                for (const auto* key : {&keys.full, &keys.digits}) {
                    const auto head = std::max<std::size_t>(2, key->size() / 3);
                    is_like = is_like || (key->size() == folded.size() &&
                                          key->compare(0, head, folded, 0, head) == 0);
                }
            }
            out_.unknown_numbers += is_like ? 1 : 0;
        }
    }

    std::string folded_words() const {
        std::string out;
        for (const char c : receipt_.text) {
            const bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
            if (is_upper || is_lower) {
                out.push_back(is_upper ? static_cast<char>(c + 32) : c);
            } else if (!out.empty() && out.back() != ' ') {
                out.push_back(' ');
            }
        }
        return out;
    }
    static bool holds(const std::string& words, std::initializer_list<const char*> list) {
        return std::any_of(list.begin(), list.end(),
                           [&](const char* word) { return words.find(word) != std::string::npos; });
    }

    const OpenBook& book_;
    const Receipt& receipt_;
    std::vector<Token> tokens_;
    std::vector<std::size_t> used_;
    std::unordered_map<std::size_t, std::size_t> slip_token_;
    std::unordered_map<std::size_t, std::size_t> slips_of_;
    Reading out_;
};

}  // namespace

Reading read(const OpenBook& book, const Receipt& receipt) {
    return Reader(book, receipt).run();
}

}  // namespace dunlin::receivables::cash
