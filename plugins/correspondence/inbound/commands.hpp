// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

namespace dunlin::correspondence {

Json list_inbound(const Services& services, Call& call);
Json show_inbound(const Services& services, Call& call);
Json file_inbound(const Services& services, Call& call);
Json dismiss_inbound(const Services& services, Call& call);
Json returned_mail(const Services& services, Call& call);

}  // namespace dunlin::correspondence
