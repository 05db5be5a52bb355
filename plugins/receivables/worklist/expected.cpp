// SPDX-License-Identifier: Apache-2.0
#include "worklist/expected.hpp"

#include <algorithm>

namespace dunlin::receivables {

int32_t median_of(std::vector<int32_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

UsualLateness usual_lateness(const std::vector<int32_t>& own, std::optional<int32_t> of_all) {
    const auto text = [](int32_t days) {
        if (days == 0) return std::string("on the due date");
        return std::to_string(days > 0 ? days : -days) + " days " +
               (days > 0 ? "after" : "before") + " the due date";
    };
    UsualLateness out;
    if (own.size() >= settlements_min) {
        out.days_late = median_of(own);
        out.basis = "median of " + std::to_string(own.size()) +
                    " settlements of this customer within 365 days: " + text(out.days_late);
    } else if (of_all) {
        out.days_late = *of_all;
        out.basis = "only " + std::to_string(own.size()) +
                    " settlements of this customer within 365 days, so the median of all "
                    "customers: " +
                    text(out.days_late);
    } else {
        out.basis = "nothing was settled within 365 days: on the due date";
    }
    return out;
}

}  // namespace dunlin::receivables
