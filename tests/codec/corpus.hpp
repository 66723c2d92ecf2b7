// Bodies to begin from: packets as agents send them, and the traps of JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
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

/// Changes `bytes` in one small way, perhaps by a piece of one of `seeds`.
void mutate(std::string& bytes, const std::vector<std::string>& seeds, Random& random);

/// Escapes everything but visible ASCII, so that a failing body can be pasted.
std::string printable(std::string_view body);

/// A valid body: a packet with its fields in any order, or lines.
std::string random_body(Format format, Random& random);

}  // namespace logdist::codec
