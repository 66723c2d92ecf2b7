// Conservation by log format: what agents were told, against what analyzers took, counted by both of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "logdist/core/protocol.hpp"
#include "tests/e2e/journal.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/samples.hpp"

namespace logdist::e2e {

/// Packets and the messages in them.
struct Count {
  std::uint64_t packets = 0;
  std::uint64_t messages = 0;

  void add(std::uint32_t packet_messages) {
    packets += 1;
    messages += packet_messages;
  }
  friend bool operator==(const Count&, const Count&) = default;
};

/// One format's.
struct FormatTally {
  core::Protocol format = core::Protocol::packet;
  Count sent;                              ///< whatever the answer was
  Count answered;                          ///< whatever it was
  Count accepted;                          ///< answered 2xx
  Count taken;                             ///< of these, by an analyzer that takes the format, as that format
  Count kept;                              ///< of these, as dead letters of that format, and taken by none
  double received_packets = 0;             ///< as the daemon counts them
  double received_messages = 0;            ///< likewise
  std::vector<std::string> misdirected{};  ///< taken by one that does not take the format, or as another: by id

  /// What is wrong, a sentence each.
  std::vector<std::string> faults() const;
};

/// What one analyzer took, and which formats it takes.
struct Taker {
  std::vector<Entry> entries;
  core::ProtocolSet takes;
};

/// A dead letter, as its line says.
struct KeptLetter {
  std::string id;
  std::string format;  ///< empty: `packet`
};

std::vector<KeptLetter> kept_letters(const std::vector<std::string>& lines);

/// Of each of `formats`. `samples` are of the end.
std::vector<FormatTally> tally_formats(const std::vector<core::Protocol>& formats, const std::vector<Sent>& sent,
                                       const std::vector<Taker>& takers, const std::vector<KeptLetter>& letters,
                                       const Samples& samples);

}  // namespace logdist::e2e
