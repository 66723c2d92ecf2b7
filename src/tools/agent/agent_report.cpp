#include "logdist/tools/agent/agent_report.hpp"

#include <fmt/format.h>

#include "logdist/base/counted.hpp"

namespace logdist::tools {
namespace {

double rate(std::uint64_t count, Duration elapsed) {
  return elapsed > Duration::zero() ? static_cast<double>(count) / to_seconds(elapsed) : 0;
}

/// Of no packets there is none.
std::string latency(const AgentResult& result, Duration duration) {
  return result.packets_accepted > 0 ? format_latency(duration) : "-";
}

}  // namespace

std::string format_latency(Duration duration) {
  const double seconds = to_seconds(duration);
  if (seconds < 0.000'9995) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} s", seconds);
}

std::string progress_line(const AgentResult& before, const AgentResult& now) {
  std::string line = fmt::format("{}, {}, {:.0f} packets/s, p99 {}", counted(now.packets_accepted, "packet"),
                                 counted(now.messages_accepted, "message"),
                                 rate(now.packets_accepted - before.packets_accepted, now.elapsed - before.elapsed),
                                 latency(now, now.latency_p99));
  if (now.packets_rejected > 0) line += fmt::format(", {} rejected", now.packets_rejected);
  if (now.retries > 0) line += fmt::format(", {} sent again", now.retries);
  if (!now.trouble.empty() && now.packets_accepted == before.packets_accepted) line += " (" + now.trouble + ")";
  return line;
}

std::string summary(const AgentResult& result) {
  std::string text =
      fmt::format("packets    {} accepted, {} rejected\n", result.packets_accepted, result.packets_rejected);
  if (result.packets_unsettled > 0) text += fmt::format("unsettled  {}\n", result.packets_unsettled);
  text += fmt::format("messages   {}\n", result.messages_accepted);
  text += fmt::format("seconds    {:.2f}\n", to_seconds(result.elapsed));
  text += fmt::format("packets/s  {:.1f}\n", rate(result.packets_accepted, result.elapsed));
  text += fmt::format("latency    p50 {}, p95 {}, p99 {}\n", latency(result, result.latency_p50),
                      latency(result, result.latency_p95), latency(result, result.latency_p99));
  text += fmt::format("retries    {}\n", result.retries);
  return text;
}

}  // namespace logdist::tools
