#include <cerrno>

#include <fmt/format.h>

#include "app/kept_letter.hpp"
#include "logdist/app/packet_source.hpp"

namespace logdist::app {

boost::system::result<std::unique_ptr<LetterSource>> LetterSource::open(const std::string& path) {
  FileDescriptor file = open_lines(path);
  if (!file.is_open()) return boost::system::error_code(errno, boost::system::system_category());
  return std::make_unique<LetterSource>(std::move(file));
}

std::optional<OutgoingPacket> LetterSource::next() {
  while (reader_.take(never) == LineReader::Taken::line) {
    ++lines_;
    const bool cut = reader_.is_cut();
    const std::string line = reader_.line();
    if (line.empty()) continue;
    auto packet = cut ? boost::system::result<OutgoingPacket, NoLetter>(NoLetter{"too long"}) : packet_of(line);
    if (packet) return std::move(*packet);
    if (++no_letters_ == 1) first_failure_ = fmt::format("line {}: {}", lines_, packet.error().why);
  }
  return std::nullopt;
}

std::string LetterSource::failure() const {
  if (!reader_.failure().empty()) return reader_.failure();
  if (no_letters_ == 0) return {};
  return fmt::format("lines that are no dead letters: {}; the first: {}", no_letters_, first_failure_);
}

}  // namespace logdist::app
