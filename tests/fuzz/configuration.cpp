// Any bytes as a configuration file: options or faults, never an exception.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/config/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = logdist::config::load_text(text, "fuzz.yaml", {});
  for (const auto& fault : loaded.errors) LOGDIST_CHECK(!logdist::config::to_string(fault).empty());
  if (loaded.errors.empty()) {
    LOGDIST_CHECK(!loaded.options.analyzers.empty() || !loaded.options.discovery.sources.empty());
    for (const auto& analyzer : loaded.options.analyzers) {
      LOGDIST_CHECK(!analyzer.name.empty() && !analyzer.host.empty() && !analyzer.port.empty());
      LOGDIST_CHECK(analyzer.weight.units > 0 && analyzer.target.starts_with('/'));
    }
  }
  return 0;
}
