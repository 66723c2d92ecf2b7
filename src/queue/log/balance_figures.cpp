#include "logdist/queue/log/balance_figures.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "queue/log/wire.hpp"

namespace logdist::queue {
namespace {

constexpr std::uint8_t in_service_flag = 1;
constexpr std::uint8_t drained_flag = 2;
constexpr std::uint8_t operator_weight_flag = 4;
/// An analyzer takes at least so many bytes.
constexpr std::size_t analyzer_bytes_min = 19;

}  // namespace

void BalanceFigures::charge(std::string_view analyzer, std::uint64_t messages) {
  const auto charged = std::find_if(analyzers.begin(), analyzers.end(),
                                    [&](const AnalyzerFigures& figures) { return figures.name == analyzer; });
  if (charged == analyzers.end()) return;
  const auto count = static_cast<double>(messages);
  if (!charged->in_service) {
    charged->debt -= count;
    return;
  }
  double all_weights = 0;
  for (const AnalyzerFigures& figures : analyzers) {
    if (figures.in_service) all_weights += static_cast<double>(figures.weight);
  }
  for (AnalyzerFigures& figures : analyzers) {
    if (figures.in_service) figures.deficit += count * static_cast<double>(figures.weight) / all_weights;
  }
  charged->deficit -= count;
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
  if (!reader.ok()) return std::nullopt;
  return figures;
}

}  // namespace logdist::queue
