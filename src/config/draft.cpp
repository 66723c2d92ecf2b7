#include "config/draft.hpp"

namespace logdist::config {

void assign_option(const Row<Options>& row, std::string_view text, const Place& place, Draft& draft, Report& report) {
  if (assign(row, draft.options, text, place, report)) {
    draft.places.insert_or_assign(row.path, place);
    draft.refused.erase(row.path);
  } else {
    draft.refused.insert(row.path);
  }
}

}  // namespace logdist::config
