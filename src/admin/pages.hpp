// The pages that need nothing but themselves.
#pragma once

#include <string_view>

namespace logdist::admin {

/// HTML that links what the admin port offers.
extern const std::string_view index_page;

}  // namespace logdist::admin
