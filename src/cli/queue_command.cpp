#include "cli/queue_command.hpp"

#include <chrono>
#include <ctime>
#include <ostream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <nlohmann/json.hpp>

#include "logdist/base/base64.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "logdist/storage/log_inspection.hpp"

namespace logdist::cli {
namespace {

using storage::InspectedPacket;
using storage::InspectedSegment;
using storage::LogInspection;

constexpr std::int64_t ns_per_second = 1'000'000'000;

std::string to_text(std::int64_t unix_ns) {
  const std::int64_t seconds = unix_ns / ns_per_second;
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     unix_ns % ns_per_second / 1'000'000);
}

const char* state_of(const InspectedPacket& packet) {
  if (!packet.settled) return "queued";
  switch (*packet.settled) {
    case queue::SettledAs::delivered: return "delivered";
    case queue::SettledAs::dead_lettered: return "dead_lettered";
    case queue::SettledAs::handed_back: return "handed_back";
    case queue::SettledAs::lost: return "lost";
  }
  return "queued";
}

std::string content_type_of(std::string_view forwarded_headers) {
  constexpr std::string_view name = "Content-Type: ";
  if (!forwarded_headers.starts_with(name)) return {};
  return std::string(forwarded_headers.substr(name.size(), forwarded_headers.find("\r\n") - name.size()));
}

/// As the packet itself says; else who sent it.
std::string agent_of(const InspectedPacket& packet) {
  const auto json = nlohmann::json::parse(packet.body, nullptr, false);
  if (json.is_object() && json.contains("agent_id") && json["agent_id"].is_string()) return json["agent_id"];
  return std::string(packet.metadata.agent);
}

bool is_wanted(const QueueCommandOptions& options, const InspectedPacket& packet) {
  if (options.from_ns && packet.received_at_ns < *options.from_ns) return false;
  if (options.to_ns && packet.received_at_ns >= *options.to_ns) return false;
  return !options.dead_letters || packet.settled == queue::SettledAs::dead_lettered;
}

void print_line(const InspectedPacket& packet, std::ostream& out) {
  out << fmt::format("{}  {:<13}  {:>8}  {:>10}  {}  {}\n", to_text(packet.received_at_ns), state_of(packet),
                     packet.messages, packet.body.size(), config::escape(packet.metadata.packet_id),
                     config::escape(packet.metadata.agent));
}

void print_json(const InspectedPacket& packet, std::ostream& out) {
  nlohmann::ordered_json line{{"received_at", to_text(packet.received_at_ns)},
                              {"packet_id", packet.metadata.packet_id},
                              {"agent_id", agent_of(packet)}};
  const std::string content_type = content_type_of(packet.metadata.forwarded_headers);
  if (simdjson::validate_utf8(content_type)) {
    line["content_type"] = content_type;
  } else {
    line["content_type_base64"] = to_base64(content_type);
  }
  line["messages"] = packet.messages;
  line["body_base64"] = to_base64(packet.body);
  line["state"] = state_of(packet);
  out << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

int verify(const LogInspection& log, std::ostream& out) {
  std::uint64_t damaged = 0;
  std::uint64_t unsettled = 0;
  for (const InspectedSegment& segment : log.segments()) {
    unsettled += segment.unsettled;
    out << fmt::format("{}: {}, {}, {}, {} not settled", segment.name, counted(segment.bytes, "byte"),
                       counted(segment.records, "record"), counted(segment.packets, "packet"), segment.unsettled);
    if (segment.torn_records > 0) out << fmt::format(", {} not written whole", counted(segment.torn_records, "record"));
    if (!segment.has_header) {
      out << ", NO HEAD";
      ++damaged;
    }
    for (const queue::DamagedStretch& stretch : segment.damaged) {
      out << fmt::format(", DAMAGED: {} at byte {}", counted(stretch.records, "record"), stretch.offset);
      damaged += stretch.records;
    }
    out << '\n';
  }
  out << fmt::format("{}, {} not settled, {}\n", counted(log.segments().size(), "file"), counted(unsettled, "packet"),
                     counted(damaged, "damaged record"));
  return damaged > 0 ? 1 : 0;
}

}  // namespace

int run_queue(const QueueCommandOptions& options, std::ostream& out, std::ostream& errors) {
  using Action = QueueCommandOptions::Action;
  const auto files = queue::make_posix_file_system();
  std::string error;
  const auto log = LogInspection::open(options.directory, *files, error);
  if (!log) {
    errors << "log-distributor: " << error << '\n';
    return 1;
  }
  if (options.action == Action::verify) return verify(*log, out);
  error = log->for_each([&](const InspectedPacket& packet) {
    if (!is_wanted(options, packet)) return;
    options.action == Action::list ? print_line(packet, out) : print_json(packet, out);
  });
  if (error.empty()) return 0;
  errors << "log-distributor: " << error << '\n';
  return 1;
}

}  // namespace logdist::cli
