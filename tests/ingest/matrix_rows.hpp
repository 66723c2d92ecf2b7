// A row for each kind of body that the packet port takes: what is sent, and what is to be answered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bodies.hpp"

namespace logdist::ingest::test {

struct Row {
  std::string path;
  std::string headers;  ///< Content-Type, mostly
  Protocol protocol;
  std::string good;         ///< a body
  std::uint32_t messages;   ///< of it
  unsigned success;         ///< its status
  std::string answer;       ///< and body, a regular expression
  std::string answer_type;  ///< Content-Type of that; empty: there is no body
  std::string bad;          ///< a body of at least 8 bytes that is none
  unsigned empty;           ///< how one without messages is answered: with `success` and no packet, or as refused
  std::string error_type;   ///< Content-Type of refusals
  std::string error;        ///< a regular expression for the body of every refusal
  unsigned dead_lettered = 422;
  bool is_typed = false;   ///< another Content-Type is refused
  bool is_upload = false;  ///< waits for room
  std::string method = "POST";
  std::string nothing = {};  ///< a body without messages

  std::string request(std::string_view body, std::string_view more = {}) const {
    return sent_to(path, headers + std::string(more), body, method);
  }
  std::string name() const { return method + " " + path + " " + headers; }
};

/// Every path of the table of docs/agents.md, with each Content-Type that makes a difference there.
std::vector<Row> all_rows();

}  // namespace logdist::ingest::test
