// Where an agent's packets come from: lines, dead letters, or a generator.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"
#include "logdist/tools/agent/line_reader.hpp"

namespace logdist::tools {

/// One packet to be sent. Its id is in the body and stays the same however often
/// it has to be sent.
struct OutgoingPacket {
  std::string id;
  std::string content_type;
  std::string body;
  std::uint32_t messages = 0;
  std::string content_encoding{};  ///< empty when there is none
  std::string target{};            ///< path and query, instead of those of the agent's url; empty: as there
  std::vector<std::pair<std::string, std::string>> headers{};  ///< that go along
};

/// Makes packets, one after the other. All but interrupt() are called by one
/// thread at a time, which next() may block.
class PacketSource {
 public:
  virtual ~PacketSource() = default;

  /// The next packet; none at the end, and for good.
  virtual std::optional<OutgoingPacket> next() = 0;

  /// Ends a next() that blocks, and every later one, with none. Any thread.
  virtual void interrupt() {}

  /// Once next() gave none: why the end came early. Empty: it did not.
  virtual std::string failure() const { return {}; }
};

struct LineSourceOptions {
  std::size_t batch = 50;                             ///< lines per packet
  std::size_t line_bytes_max = std::size_t{1} << 20;  ///< longer lines are cut
  /// A packet with as many bytes of lines takes no more. With lines of at most 1
  /// MiB no body exceeds the daemon's default server.max_body (10 MiB), even when
  /// each byte has to be escaped as six.
  std::size_t packet_bytes_max = std::size_t{512} << 10;
  /// A packet goes out unfilled so long after its first line, when the next ones
  /// are slow to come (a pipe from `tail -f`).
  Duration linger = std::chrono::seconds(1);
  std::string agent_id = "log-distributor-agent";
  std::uint64_t seed = 0;  ///< of the packet ids
};

/// The lines of a file or pipe as `{"packet_id":…,"agent_id":…,"messages":["line",…]}`.
/// Lines end with LF or CR LF; empty ones are skipped; bytes that are not UTF-8
/// become U+FFFD.
class LineSource : public PacketSource {
 public:
  /// Opens the file `path`; "-" is the standard input.
  static boost::system::result<std::unique_ptr<LineSource>> open(const std::string& path, LineSourceOptions options);

  LineSource(os::FileDescriptor file, LineSourceOptions options);

  std::optional<OutgoingPacket> next() override;
  void interrupt() override { reader_.interrupt(); }
  std::string failure() const override { return reader_.failure(); }

  /// Lines cut at line_bytes_max so far. Only between calls of next().
  std::uint64_t lines_cut() const { return lines_cut_; }

 private:
  const LineSourceOptions options_;
  LineReader reader_;
  Random random_;
  std::uint64_t lines_cut_ = 0;
};

/// The packets of a dead-letter file, as they were: same id, bytes, type, encoding, target and headers. Lines
/// that are not dead letters are skipped; failure() has their number.
class LetterSource : public PacketSource {
 public:
  /// A longer line is no dead letter.
  static constexpr std::size_t line_bytes_max = std::size_t{256} << 20;

  /// Opens the file `path`; "-" is the standard input.
  static boost::system::result<std::unique_ptr<LetterSource>> open(const std::string& path);

  explicit LetterSource(os::FileDescriptor file) : reader_(std::move(file), line_bytes_max) {}

  std::optional<OutgoingPacket> next() override;
  void interrupt() override { reader_.interrupt(); }
  std::string failure() const override;

 private:
  LineReader reader_;
  std::uint64_t lines_ = 0;
  std::uint64_t no_letters_ = 0;
  std::string first_failure_;  ///< of a line: its number, and why
};

struct GeneratedSourceOptions {
  std::uint32_t messages_min = 50;  ///< per packet, drawn evenly between the two; at least 1
  std::uint32_t messages_max = 50;
  std::size_t message_bytes = 120;  ///< about; never less than what every message has
  std::string agent_id = "log-distributor-agent";
  std::uint64_t seed = 0;  ///< of sizes, contents and packet ids
};

/// Packets of generated log records, without end.
class GeneratedSource : public PacketSource {
 public:
  explicit GeneratedSource(GeneratedSourceOptions options);

  std::optional<OutgoingPacket> next() override;
  void interrupt() override { interrupted_ = true; }

 private:
  void append_message(std::string& body);

  const GeneratedSourceOptions options_;
  Random random_;
  std::uint64_t sequence_ = 0;  ///< numbers the messages
  std::atomic<bool> interrupted_ = false;
};

}  // namespace logdist::tools
