// Names of hosts in one text: admin.hosts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logdist {

/// The names of `text`, which have commas between them; blanks around them are left
/// out. One for each comma and one more, so that some may be empty; none of an empty text.
std::vector<std::string> split_host_names(std::string_view text);

}  // namespace logdist
