#include "tools/control/admin_token.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "logdist/base/file_text.hpp"
#include "logdist/config/keys.hpp"
#include "logdist/config/text.hpp"

namespace logdist::tools {
namespace {

constexpr std::size_t token_bytes_max = 8 * 1024;  // half of a request's head

/// `what` names where it is from.
config::Parsed<std::string> checked(std::string_view text, const std::string& what) {
  const auto blank = [](char letter) { return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  const bool sound = !text.empty() && text.size() <= token_bytes_max &&
                     std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter < 0x7f; });
  if (!sound) return config::ValueError{fmt::format("{} has no token: one word is expected there", what)};
  return {boost::system::in_place_value, text};
}

config::Parsed<std::string> token_in(const std::string& file) {
  const std::string name = config::printable(file);
  const FileText read = read_file(file, token_bytes_max, FileKind::any);
  if (read.error != 0) {
    return config::ValueError{fmt::format("{} cannot be read: {}", name, std::generic_category().message(read.error))};
  }
  return checked(read.text, name);
}

}  // namespace

config::Parsed<std::string> admin_token(const std::optional<std::string>& file,
                                        const config::Environment& environment) {
  if (file) return token_in(*file);
  const auto value_of = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  if (const std::string token = value_of(config::token_variable); !token.empty()) {
    return checked(token, config::token_variable);
  }
  if (const std::string named = value_of(config::token_file_variable); !named.empty()) return token_in(named);
  return {boost::system::in_place_value};
}

}  // namespace logdist::tools
