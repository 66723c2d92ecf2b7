#include "config/options_builder.hpp"

namespace logdist::config {

void assign_option(const KeySpec<Options>& spec, std::string_view text, const SourceLocation& location,
                   OptionsBuilder& builder, Report& report) {
  if (assign(spec, builder.options, text, location, report)) {
    builder.locations.insert_or_assign(spec.path, location);
    builder.refused.erase(spec.path);
  } else {
    builder.refused.insert(spec.path);
  }
}

}  // namespace logdist::config
