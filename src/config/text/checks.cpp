#include "logdist/config/text/checks.hpp"

#include <algorithm>
#include <string>

#include <boost/url/parse.hpp>

#include "logdist/base/host_names.hpp"

namespace logdist::config {
namespace {

constexpr std::size_t name_of_host_length_max = 253;
constexpr std::size_t name_length_max = 64;
constexpr std::size_t path_length_max = 1024;
constexpr std::size_t file_name_length_max = 4096;

constexpr std::string_view letters_and_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

}  // namespace

bool consists_of(std::string_view text, std::string_view characters) {
  return std::all_of(text.begin(), text.end(), [characters](char character) {
    return letters_and_digits.find(character) != std::string_view::npos ||
           characters.find(character) != std::string_view::npos;
  });
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f;
  });
}

OptionalError check_analyzer_name(std::string_view text) {
  if (text.empty() || text.size() > name_length_max || !consists_of(text, "_.-")) {
    return ValueError{quote(text) + " is not a name"};
  }
  return std::nullopt;
}

OptionalError check_request_path(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (!text.starts_with('/')) return ValueError{quote(text) + " does not start with /"};
  const auto parsed = boost::urls::parse_origin_form(boost::urls::string_view(text.data(), text.size()));
  if (!parsed || text.size() > path_length_max) return ValueError{quote(text) + " is not a request path"};
  return std::nullopt;
}

OptionalError check_host_names(std::string_view text) {
  constexpr std::string_view name_bytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  for (const std::string& name : split_host_names(text)) {
    if (name.empty() || name.find_first_not_of(name_bytes) != name.npos) {
      return ValueError{quote(name) + " is not the name of a host"};
    }
  }
  return std::nullopt;
}

OptionalError check_server_name(std::string_view text) {
  if (text.size() > name_of_host_length_max || !consists_of(text, "_.:-")) {
    return ValueError{quote(text) + " is not the name or address of a host"};
  }
  return std::nullopt;
}

OptionalError check_file_name(std::string_view text) {
  if (text.size() > file_name_length_max || has_control_character(text)) {
    return ValueError{quote(text) + " is not a file name"};
  }
  return std::nullopt;
}

OptionalError check_directory(std::string_view text) {
  if (text.empty()) return ValueError{"is empty"};
  if (auto error = check_file_name(text)) return ValueError{quote(text) + " is not a directory's name"};
  return std::nullopt;
}

OptionalError check_zone(std::string_view text) { return text.empty() ? std::nullopt : check_analyzer_name(text); }

}  // namespace logdist::config
