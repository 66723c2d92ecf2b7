// The metric catalogue: every metric there is, its help, and where its value
// comes from. One place, so that a thing is counted once.
//
// Stateless and thread-safe. Every series exists from the first scrape on, with
// zero for what has not happened yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "logdist/telemetry/scrape.hpp"

namespace logdist::telemetry {

/// Media type of to_text().
inline constexpr const char* text_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// `scrape` as metric families, then those of this process, read from the kernel
/// now. `version` is the label of build_info.
std::vector<prometheus::MetricFamily> collect(const Scrape& scrape, std::string_view version);

/// The same in the Prometheus text format.
std::string to_text(const Scrape& scrape, std::string_view version);

}  // namespace logdist::telemetry
