// Replays over HTTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "admin/replies.hpp"
#include "logdist/admin/control.hpp"

namespace logdist::admin {

/// The id in `/v1/replay/ID`, empty for `/v1/replay`; none for another path.
std::optional<std::string> find_replay(std::string_view path);

/// 202 with a replay that has begun; 422 for a `body`, an object, that makes no sense, 409 when none can begin now.
Response begin_replay(const nlohmann::ordered_json& body, Control& control, const std::string& who);
Response list_replays(const Control& control);
Response show_replay(const Control& control, const std::string& id);
/// 200 with the replay, which ends soon.
Response stop_replay(Control& control, const std::string& id, const std::string& who);

}  // namespace logdist::admin
