// Bodies to begin from: packets as agents send them, and the traps of JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// JSON values and pieces that parsers disagree about, right and wrong ones.
std::vector<std::string> tricky_tokens();

/// `levels` arrays and objects in turn, around `inner`.
std::string nested(std::size_t levels, const std::string& inner);

/// Whole bodies: packets, lines, and every tricky token within both.
std::vector<std::string> seed_bodies();

/// A valid body: a packet with its fields in any order, or lines.
std::string random_body(Format format, Random& random);

}  // namespace logdist::codec
