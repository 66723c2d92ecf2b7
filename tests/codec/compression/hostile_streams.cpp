#include "tests/codec/compression/hostile_streams.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace logdist::test {
namespace {

using core::ContentCoding;

/// Bits as deflate and zstd pack them: the lowest of a byte first.
class Bits {
 public:
  void put(unsigned value, unsigned count) {
    for (unsigned bit = 0; bit < count; ++bit) {
      if (used_ % 8 == 0) bytes_ += '\0';
      if ((value >> bit & 1U) != 0) bytes_.back() = static_cast<char>(bytes_.back() | 1 << used_ % 8);
      ++used_;
    }
  }
  /// A code of Huffman's, whose highest bit is first.
  void put_code(unsigned code, unsigned count) {
    while (count > 0) put(code >> --count & 1U, 1);
  }
  void put_bytes(std::string_view bytes) {
    used_ = 8 * (bytes_.size() + bytes.size());
    bytes_ += bytes;
  }

  std::size_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t used_ = 0;
};

/// A canonical code (RFC 1951, 3.2.2).
class Code {
 public:
  explicit Code(std::vector<unsigned> lengths) : lengths_(std::move(lengths)), codes_(lengths_.size()) {
    unsigned next = 0;
    for (unsigned length = 1; length <= 15; ++length, next <<= 1) {
      for (std::size_t symbol = 0; symbol < lengths_.size(); ++symbol) {
        if (lengths_[symbol] == length) codes_[symbol] = next++;
      }
    }
  }

  void put(Bits& bits, std::size_t symbol) const { bits.put_code(codes_[symbol], lengths_[symbol]); }
  const std::vector<unsigned>& lengths() const { return lengths_; }

 private:
  std::vector<unsigned> lengths_;
  std::vector<unsigned> codes_;
};

constexpr std::size_t end_of_block = 256;
constexpr std::size_t match_of_3 = 257;
constexpr std::size_t match_of_10 = 264;
constexpr std::size_t match_of_258 = 285;

Code fixed_code() {
  std::vector<unsigned> lengths(288, 8);
  std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
  std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
  return Code(lengths);
}

/// The codes of a block: its own, or the fixed ones when `header` is empty.
struct Tables {
  Code symbols;
  Code distances;
  bool dynamic = true;
};

/// The lengths of both codes, each run of them in as few symbols as there can be (RFC 1951, 3.2.7).
std::vector<std::array<unsigned, 3>> packed_lengths(std::vector<unsigned> lengths,
                                                    const std::vector<unsigned>& others) {
  lengths.insert(lengths.end(), others.begin(), others.end());
  std::vector<std::array<unsigned, 3>> packed;  // symbol, extra bits and how many
  for (std::size_t at = 0; at < lengths.size();) {
    const auto differs = [&](unsigned length) { return length != lengths[at]; };
    const auto run_end = std::find_if(lengths.begin() + static_cast<std::ptrdiff_t>(at), lengths.end(), differs);
    const auto run = static_cast<unsigned>(run_end - lengths.begin()) - static_cast<unsigned>(at);
    unsigned used = 1;
    if (lengths[at] == 0 && run >= 11) {
      used = std::min(run, 138U);
      packed.push_back({18, used - 11, 7});
    } else if (at > 0 && lengths[at - 1] == lengths[at] && lengths[at] != 0 && run >= 3) {
      used = std::min(run, 6U);
      packed.push_back({16, used - 3, 2});
    } else {
      packed.push_back({lengths[at], 0, 0});
    }
    at += used;
  }
  return packed;
}

void put_header(Bits& bits, const Tables& tables) {
  bits.put(0, 1);
  bits.put(tables.dynamic ? 2 : 1, 2);
  if (!tables.dynamic) return;
  const auto packed = packed_lengths(tables.symbols.lengths(), tables.distances.lengths());
  std::vector<unsigned> used;
  for (const auto& [symbol, extra, count] : packed) {
    if (std::find(used.begin(), used.end(), symbol) == used.end()) used.push_back(symbol);
  }
  // All of the same length but the first ones, so that the code is complete.
  std::vector<unsigned> lengths(19);
  unsigned longest = 1;
  while (1U << longest < used.size()) ++longest;
  for (std::size_t at = 0; at < used.size(); ++at) {
    lengths[used[at]] = at < (std::size_t{1} << longest) - used.size() ? longest - 1 : longest;
  }
  const Code code(lengths);
  constexpr std::array<unsigned, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  unsigned written = 19;
  while (written > 4 && lengths[order.at(written - 1)] == 0) --written;
  bits.put(static_cast<unsigned>(tables.symbols.lengths().size()) - 257, 5);
  bits.put(static_cast<unsigned>(tables.distances.lengths().size()) - 1, 5);
  bits.put(written - 4, 4);
  for (unsigned at = 0; at < written; ++at) bits.put(lengths[order.at(at)], 3);
  for (const auto& [symbol, extra, count] : packed) {
    code.put(bits, symbol);
    bits.put(extra, count);
  }
}

/// A block of `literals`, and `matches` of what is one byte before.
void put_block(Bits& bits, const Tables& tables, std::size_t literals, std::size_t match = 0, std::size_t matches = 0) {
  put_header(bits, tables);
  for (std::size_t i = 0; i < literals; ++i) tables.symbols.put(bits, 0);
  for (std::size_t i = 0; i < matches; ++i) {
    tables.symbols.put(bits, match);
    tables.distances.put(bits, 0);
  }
  tables.symbols.put(bits, end_of_block);
}

/// Only what a literal, a match and an end need.
Tables least_tables() {
  std::vector<unsigned> symbols(286);
  symbols[0] = symbols[end_of_block] = 2;
  symbols[match_of_258] = 1;
  return {Code(symbols), Code({1})};
}

Tables tables_of_literals() {
  std::vector<unsigned> symbols(257);
  symbols[0] = symbols[end_of_block] = 1;
  return {Code(symbols), Code({0})};
}

/// All symbols that there are, of 8 and 9 bits.
Tables full_tables() {
  std::vector<unsigned> symbols(286, 8);
  std::fill(symbols.end() - 60, symbols.end(), 9);
  std::vector<unsigned> distances(30, 5);
  distances[0] = distances[1] = 4;
  return {Code(symbols), Code(distances)};
}

/// The same, nearly all of 14 and 15 bits.
Tables long_tables() {
  std::vector<unsigned> symbols(286, 14);
  std::fill(symbols.begin() + 232, symbols.end(), 15);
  for (unsigned at = 0; at < 6; ++at) symbols[280 + at] = at + 1;
  std::vector<unsigned> distances(30, 14);
  std::fill(distances.begin() + 22, distances.end(), 15);
  for (unsigned at = 0; at < 10; ++at) distances[at] = at + 1;
  return {Code(symbols), Code(distances)};
}

void put_end(Bits& bits) {
  bits.put(3, 3);
  bits.put(0, 7);
}

std::string repeated(std::string_view unit, std::size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += unit;
  return all;
}

/// What a match of 258 gives is 200 times what it takes.
std::string blocks(std::size_t bytes, const Tables& tables, std::size_t literals, std::size_t match = 0,
                   std::size_t matches = 0) {
  Bits bits;
  if (match == match_of_258) bytes /= 8;
  while (bits.size() < bytes) put_block(bits, tables, literals, match, matches);
  put_end(bits);
  return bits.bytes();
}

void add_deflate(std::vector<HostileStream>& streams, std::size_t bytes) {
  const auto add = [&streams](std::string name, std::string body) {
    streams.push_back({std::move(name), ContentCoding::deflate, std::move(body)});
  };
  const Tables fixed{fixed_code(), Code(std::vector<unsigned>(30, 5)), false};
  add("empty fixed blocks", blocks(bytes, fixed, 0));
  add("fixed blocks of a literal", blocks(bytes, fixed, 1));
  add("fixed blocks of 11 bytes", blocks(bytes, fixed, 1, match_of_10, 1));
  add("fixed blocks of 259 bytes", blocks(bytes, fixed, 1, match_of_258, 1));
  add("a fixed block of matches of 3", blocks(1, fixed, 1, match_of_3, 8 * bytes / 12));
  add("empty least blocks", blocks(bytes, tables_of_literals(), 0));
  add("least blocks of 8 literals", blocks(bytes, tables_of_literals(), 8));
  add("least blocks of 259 bytes", blocks(bytes, least_tables(), 1, match_of_258, 1));
  const std::pair<std::string, Tables> tables[] = {{"full", full_tables()}, {"long", long_tables()}};
  for (const auto& [name, codes] : tables) {
    add("empty " + name + " blocks", blocks(bytes, codes, 0));
    add(name + " blocks of a literal", blocks(bytes, codes, 1));
    add(name + " blocks of 64 literals", blocks(bytes, codes, 64));
    add(name + " blocks of 259 bytes", blocks(bytes, codes, 1, match_of_258, 1));
  }
  Bits stored;
  while (stored.size() < bytes) {
    stored.put(0, 3);
    stored.put_bytes({"\0\0\xff\xff", 4});
  }
  put_end(stored);
  add("empty stored blocks", stored.bytes());
  Bits late;
  put_block(late, fixed, bytes / 2);
  while (late.size() < bytes) put_block(late, full_tables(), 1);
  put_end(late);
  add("literals, then full blocks", late.bytes());
}

void add_gzip(std::vector<HostileStream>& streams, std::size_t bytes) {
  const std::string head("\x1f\x8b\x08\0\0\0\0\0\0\0", 10);
  const std::string rest("\x03\0\0\0\0\0\0\0\0\0", 10);
  const auto with = [&](char flag, const std::string& fields) {
    std::string member = head + fields + rest;
    member[3] = flag;
    return member;
  };
  const auto add = [&](std::string name, std::string_view member) {
    streams.push_back({std::move(name), ContentCoding::gzip, repeated(member, bytes)});
  };
  add("members of nothing", head + rest);
  add("members with names", with(8, std::string(20, 'n') + '\0'));
  add("a member with a long name", with(8, std::string(bytes, 'n') + '\0'));
  add("members with extra fields", with(4, std::string(2, '\xff') + std::string(65'535, 'x')));
}

std::string zstd_block(unsigned type, std::size_t size, std::string_view content) {
  const std::size_t head = type << 1 | size << 3;
  std::string block{static_cast<char>(head), static_cast<char>(head >> 8), static_cast<char>(head >> 16)};
  return block += content;
}

std::string zstd_frame(const std::string& blocks) {
  constexpr std::string_view window_of_1_mib("\0\x50", 2);
  constexpr std::string_view last_block("\1\0\0", 3);
  std::string frame("\x28\xb5\x2f\xfd");
  return frame.append(window_of_1_mib).append(blocks).append(last_block);
}

/// A table whose first symbol has all states but one, and its second that (RFC 8878, 4.1.1).
std::string zstd_table(unsigned log) {
  Bits bits;
  bits.put(log - 5, 4);
  bits.put((2U << log) - 2, log + 1);
  bits.put(3, 2);
  return bits.bytes();
}

/// A block with tables of its own: three of its one sequence, and one of its literals.
std::string zstd_block_of_tables(bool huffman) {
  std::string block(
      "\x08"
      "a");
  if (huffman) {
    constexpr unsigned stream_and_tree = 1 + 7;
    const unsigned head = 2 | 1 << 4 | stream_and_tree << 14;
    block = {static_cast<char>(head), static_cast<char>(head >> 8), static_cast<char>(head >> 16)};
    block += "\x8a\xba\x98\x76\x54\x32\x10\x03";
  }
  block += "\x01\xa8" + zstd_table(9) + zstd_table(8) + zstd_table(9);
  Bits states;
  states.put(0, 26);
  states.put(1, 1);
  block += states.bytes();
  return zstd_block(2, block.size(), block);
}

void add_zstd(std::vector<HostileStream>& streams, std::size_t bytes) {
  const auto add = [&](std::string name, std::string body) {
    streams.push_back({std::move(name), ContentCoding::zstd, std::move(body)});
  };
  add("empty frames", repeated(zstd_frame({}), bytes));
  add("skipped frames", repeated({"\x50\x2a\x4d\x18\0\0\0\0", 8}, bytes) + zstd_frame({}));
  add("empty blocks", zstd_frame(repeated({"\0\0\0", 3}, bytes)));
  add("blocks of a byte", zstd_frame(repeated(zstd_block(1, 1, "a"), bytes)));
  // Its sequence copies from eight bytes before.
  const std::string eight = zstd_block(1, 8, "a");
  add("blocks with three tables", zstd_frame(repeated(eight + zstd_block_of_tables(false), bytes)));
  add("blocks with four tables", zstd_frame(repeated(eight + zstd_block_of_tables(true), bytes)));
}

void add_snappy(std::vector<HostileStream>& streams, std::size_t bytes) {
  const auto add = [&](std::string name, std::string body) {
    streams.push_back({std::move(name), ContentCoding::snappy, std::move(body)});
  };
  const auto block = [](std::string_view element, std::size_t content_each, std::size_t count) {
    std::string body;
    std::size_t size = 1 + content_each * count;
    for (; size > 0x7f; size >>= 7) body += static_cast<char>((size & 0x7f) | 0x80);
    body += static_cast<char>(size);
    return body + std::string("\0a", 2) + repeated(element, element.size() * count);
  };
  add("literals of a byte", block({"\0a", 2}, 1, bytes / 2));
  add("copies of a byte", block({"\x02\x01\0", 3}, 1, bytes / 3));
  add("copies of 4 bytes", block({"\x01\x01", 2}, 4, bytes / 2));
  add("copies of 64 bytes", block({"\xfe\x01\0", 3}, 64, bytes / 3));
  const std::string identifier("\xff\x06\0\0sNaPpY", 10);
  add("empty chunks", identifier + repeated({"\0\x05\0\0\xd8\xea\x82\xa2\0", 9}, bytes));
  add("chunks of padding", identifier + repeated({"\xfe\0\0\0", 4}, bytes));
}

}  // namespace

std::vector<HostileStream> hostile_streams(std::size_t bytes) {
  std::vector<HostileStream> streams;
  add_deflate(streams, bytes);
  add_gzip(streams, bytes);
  add_zstd(streams, bytes);
  add_snappy(streams, bytes);
  return streams;
}

}  // namespace logdist::test
