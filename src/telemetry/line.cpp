#include "telemetry/line.hpp"

#include "logdist/config/text.hpp"

namespace logdist::log {

std::string Line::kind() const {
  const auto analyzer = fields.find("analyzer");
  const bool concerns_one = analyzer != fields.end() && analyzer->is_string();
  return concerns_one ? event + " " + analyzer->get_ref<const std::string&>() : event;
}

std::string to_text(const Line& line) { return config::escape(line.message); }

std::string to_json_members(const Line& line) {
  Fields members = {{"event", line.event}, {"msg", line.message}};
  if (line.fields.is_object()) members.update(line.fields);
  const std::string object = members.dump(-1, ' ', false, Fields::error_handler_t::replace);
  return object.substr(1, object.size() - 2);
}

}  // namespace logdist::log
