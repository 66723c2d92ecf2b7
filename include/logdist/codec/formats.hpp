// Which request has which format.
#pragma once

#include <optional>
#include <string_view>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// Whether bodies of some format are sent to this path.
bool takes_path(std::string_view path);

/// Whether they are sent there with this method, `POST`.
bool takes_method(std::string_view path, std::string_view method);

/// The format of a body. `media_type` is without parameters, of any case.
std::optional<Format> find_format(std::string_view method, std::string_view path, std::string_view media_type);

}  // namespace logdist::codec
