#include "logdist/config/text/secret.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "logdist/base/file_text.hpp"

namespace logdist::config {
namespace {

constexpr std::string_view prefix = "file:";

}  // namespace

std::optional<ValueError> read_secret(std::string& value, std::size_t bytes_max) {
  if (!value.starts_with(prefix)) return std::nullopt;
  const std::string path = value.substr(prefix.size());
  FileText file = read_file(path, bytes_max, FileKind::regular);
  if (file.error != 0) {
    return ValueError{
        fmt::format("is to be read from {}: {}", quote(path), std::generic_category().message(file.error))};
  }
  if (file.text.size() > bytes_max) return ValueError{fmt::format("is too long in {}", quote(path))};
  file.text.erase(file.text.find_last_not_of("\r\n") + 1);
  if (file.text.empty()) return ValueError{fmt::format("is empty in {}", quote(path))};
  value = std::move(file.text);
  return std::nullopt;
}

}  // namespace logdist::config
