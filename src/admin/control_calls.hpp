// The requests by which an operator has things changed, and their answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/replies.hpp"
#include "admin/request.hpp"
#include "logdist/admin/control.hpp"

namespace logdist::admin {

/// What a path asks for.
struct ControlCall {
  enum class Kind : std::uint8_t { list, show, drain, undrain, weight, configuration, reload, replays, replay };

  Kind kind = Kind::list;
  std::string analyzer{};  ///< its name, of `show`, `drain`, `undrain` and `weight`; of `replay` the id
};

/// GET /v1/analyzers, /v1/analyzers/NAME and /v1/config;
/// POST /v1/analyzers/NAME/drain, …/undrain, …/weight and /v1/reload; GET and POST /v1/replay, GET and DELETE
/// /v1/replay/ID.
std::optional<ControlCall> find_control(std::string_view path);

/// Whether a browser made the request for the page of another site.
bool is_foreign(const Request& request);

/// Why a request is not carried out: 405; for what changes something 415, unless it
/// is JSON, and 403 when a web page of elsewhere has made it; 400 for a body that is
/// no object. A browser says by the Origin whose page asks; ours is the one that has
/// come from the very authority that the request is for, which is one of ours.
std::optional<Response> refuse(const ControlCall& call, const Request& request);

/// Carries out any but `reload`. `who` asks.
Response carry_out(const ControlCall& call, const Request& request, Control& control, const std::string& who);

/// The answer to a `reload`: 200 with what has changed, 422 with every fault.
Response to_response(const ReloadReport& report);

}  // namespace logdist::admin
