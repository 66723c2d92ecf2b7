#include "logdist/queue/log/balance_figures.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "logdist/base/crc32c.hpp"
#include "queue/log/wire.hpp"

namespace logdist::queue {
namespace {

constexpr std::uint8_t in_service_flag = 1;
constexpr std::uint8_t drained_flag = 2;
constexpr std::uint8_t operator_weight_flag = 4;
/// An analyzer takes at least so many bytes.
constexpr std::size_t analyzer_bytes_min = 19;
constexpr std::string_view state_magic = "logdistb";

/// More messages than are ever dispatched.
constexpr double messages_max = 0x1p61;

bool is_possible(const AnalyzerFigures& figures) {
  return std::abs(figures.deficit) < messages_max && std::abs(figures.debt) < messages_max;  // and so no NaN
}

double weight_in_service(const std::vector<AnalyzerFigures>& analyzers) {
  double sum = 0;
  for (const AnalyzerFigures& figures : analyzers) {
    if (figures.in_service) sum += static_cast<double>(figures.weight);
  }
  return sum;
}

/// Of `messages`, what one out of service would have had beside the others.
double missed(const AnalyzerFigures& figures, double messages, double weights) {
  const auto weight = static_cast<double>(figures.weight);
  return messages * weight / (weights + weight);
}

}  // namespace

void BalanceFigures::charge(std::string_view analyzer, std::uint64_t messages) {
  const auto charged = std::find_if(analyzers.begin(), analyzers.end(),
                                    [&](const AnalyzerFigures& figures) { return figures.name == analyzer; });
  if (charged == analyzers.end()) return;
  const auto count = static_cast<double>(messages);
  const double weights = weight_in_service(analyzers);
  if (!charged->in_service) {
    if (weights > 0) charged->debt -= count - missed(*charged, count, weights);
    return;
  }
  for (AnalyzerFigures& figures : analyzers) {
    if (figures.in_service) {
      figures.deficit += count * static_cast<double>(figures.weight) / weights;
    } else {
      figures.debt += missed(figures, count, weights);
    }
  }
  charged->deficit -= count;
}

void BalanceFigures::uncharge(std::span<const std::uint64_t> in_flight) {
  const double weights = weight_in_service(analyzers);
  double in_service = 0;
  for (std::size_t index = 0; index < analyzers.size(); ++index) {
    AnalyzerFigures& figures = analyzers[index];
    const auto count = static_cast<double>(in_flight[index]);
    if (figures.in_service) {
      figures.deficit += count;
      in_service += count;
    } else if (weights > 0) {
      figures.debt += count - missed(figures, count, weights);
    }
  }
  if (in_service == 0) return;
  for (AnalyzerFigures& figures : analyzers) {
    if (figures.in_service) {
      figures.deficit -= in_service * static_cast<double>(figures.weight) / weights;
    } else {
      figures.debt -= missed(figures, in_service, weights);
    }
  }
}

std::string encode_balance(const BalanceFigures& figures) {
  std::string out;
  append_varint(out, figures.analyzers.size());
  for (const AnalyzerFigures& analyzer : figures.analyzers) {
    append_text(out, analyzer.name);
    append_number(out, analyzer.deficit);
    append_number(out, analyzer.debt);
    append_varint(out, analyzer.weight);
    const int flags = (analyzer.in_service ? in_service_flag : 0) | (analyzer.drained ? drained_flag : 0) |
                      (analyzer.operator_weight ? operator_weight_flag : 0);
    out.push_back(static_cast<char>(flags));
  }
  // Behind what the first programs of this format read.
  append_varint(out, figures.largest_packet);
  append_varint(out, figures.max_debt);
  append_number(out, figures.taken_at_ns);
  for (const AnalyzerFigures& analyzer : figures.analyzers) {
    append_text(out, analyzer.url);
    append_varint(out, analyzer.configured_weight);
  }
  return out;
}

std::optional<BalanceFigures> decode_balance(std::string_view payload) {
  PayloadReader reader(payload);
  const std::uint64_t count = reader.varint();
  if (count > reader.left() / analyzer_bytes_min) return std::nullopt;
  BalanceFigures figures;
  figures.analyzers.reserve(count);
  for (std::uint64_t index = 0; index < count && reader.ok(); ++index) {
    AnalyzerFigures& analyzer = figures.analyzers.emplace_back();
    analyzer.name = reader.text();
    analyzer.deficit = reader.number<double>();
    analyzer.debt = reader.number<double>();
    analyzer.weight = std::max<std::uint64_t>(1, reader.varint());
    const auto flags = reader.number<std::uint8_t>();
    analyzer.in_service = (flags & in_service_flag) != 0;
    analyzer.drained = (flags & drained_flag) != 0;
    analyzer.operator_weight = (flags & operator_weight_flag) != 0;
  }
  if (reader.ok() && reader.left() > 0) {
    figures.largest_packet = reader.varint();
    figures.max_debt = reader.varint();
    figures.taken_at_ns = reader.number<std::int64_t>();
    for (AnalyzerFigures& analyzer : figures.analyzers) {
      analyzer.url = reader.text();
      analyzer.configured_weight = reader.varint();
    }
  }
  const bool are_possible = std::all_of(figures.analyzers.begin(), figures.analyzers.end(), is_possible);
  if (!reader.ok() || !are_possible) return std::nullopt;
  return figures;
}

std::string encode_balance_state(const BalanceFigures& figures, std::uint32_t version) {
  const std::string payload = encode_balance(figures);
  std::string out(state_magic);
  append_number(out, version);
  append_number(out, static_cast<std::uint32_t>(payload.size()));
  append_number(out, crc32c(0, payload));
  return out + payload;
}

DecodedBalanceState decode_balance_state(std::string_view file) {
  DecodedBalanceState decoded;
  if (!file.starts_with(state_magic)) {
    decoded.fault = BalanceStateFault::foreign;
    return decoded;
  }
  decoded.fault = BalanceStateFault::damaged;
  PayloadReader reader(file.substr(state_magic.size()));
  const auto version = reader.number<std::uint32_t>();
  const auto bytes = reader.number<std::uint32_t>();
  const auto crc = reader.number<std::uint32_t>();
  if (!reader.ok() || version == 0) return decoded;
  if (version > balance_state_version) return {BalanceStateFault::newer, version, {}};
  const std::string_view payload = file.substr(file.size() - reader.left());
  if (payload.size() != bytes || crc32c(0, payload) != crc) return decoded;
  auto figures = decode_balance(payload);
  if (!figures) return decoded;
  return {BalanceStateFault::none, version, std::move(*figures)};
}

}  // namespace logdist::queue
