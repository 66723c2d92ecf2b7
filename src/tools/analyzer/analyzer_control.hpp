// The reference analyzer's behaviour and counts as JSON.
#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/tools/analyzer/reference_analyzer.hpp"

namespace logdist::tools {

/// What is wrong with a change, as a sentence.
struct ControlError {
  std::string detail;
};

/// The behaviour under the names that a change uses.
std::string to_json(const AnalyzerBehaviour& behaviour);

std::string to_json(const AnalyzerStats& stats);

/// `behaviour` with the fields that the JSON object `change` names: all of them,
/// or none when one is unknown or has a value it cannot have.
boost::system::result<AnalyzerBehaviour, ControlError> changed(AnalyzerBehaviour behaviour, std::string_view change);

}  // namespace logdist::tools
