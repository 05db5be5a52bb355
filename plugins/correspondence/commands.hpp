// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

namespace dunlin::correspondence {

// Messages: what there is, and one with its content.
Json list_messages(const Services& services, Call& call);
Json show_message(const Services& services, Call& call);

// What people decide about them.
Json compose_note(const Services& services, Call& call);
Json send_statement(const Services& services, Call& call);
Json release(const Services& services, Call& call);
Json hold(const Services& services, Call& call);
Json void_message(const Services& services, Call& call);
Json resolve(const Services& services, Call& call);
Json print_letters(const Services& services, Call& call);

// Templates.
Json list_templates(const Services& services, Call& call);
Json preview_template(const Services& services, Call& call);
Json set_template(const Services& services, Call& call);

}  // namespace dunlin::correspondence
