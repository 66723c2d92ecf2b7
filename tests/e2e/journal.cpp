#include "tests/e2e/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace logdist::e2e {
namespace {

constexpr const char* no_format = "-";

[[noreturn]] void fail(const std::string& path) { throw std::system_error(errno, std::generic_category(), path); }

}  // namespace

std::uint32_t crc32_of(std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  return crc.checksum();
}

Journal::Journal(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
  if (!file_.is_open()) fail(path);
}

void Journal::add(const Entry& entry) {
  const std::string line =
      fmt::format("{} {} {} {} {} {} {}\n", entry.id, entry.messages, entry.bytes, entry.crc32, entry.taken,
                  entry.at.time_since_epoch().count(), entry.format.empty() ? no_format : entry.format);
  if (::write(file_.number(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) fail("the journal");
}

std::vector<Entry> read_journal(const std::string& path) {
  std::ifstream lines(path);
  std::vector<Entry> entries;
  Entry entry;
  Duration::rep at = 0;
  while (lines >> entry.id >> entry.messages >> entry.bytes >> entry.crc32 >> std::boolalpha >> entry.taken >> at >>
         entry.format) {
    if (entry.format == no_format) entry.format.clear();
    entry.at = TimePoint(Duration(at));
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace logdist::e2e
