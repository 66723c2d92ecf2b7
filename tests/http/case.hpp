// A wire case: bytes that are sent, and how they must be answered. README.md tells the format of the files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logdist::http_cases {

/// One write, or a pause in them.
struct Step {
  enum class Kind : std::uint8_t {
    send,
    wait,        ///< for the next answer
    half_close,  ///< sends no more, still reads
  };
  Kind kind = Kind::send;
  std::string bytes;
};

/// One answer: any of these statuses.
struct ExpectedAnswer {
  std::vector<unsigned> statuses;
  bool to_head = false;  ///< has no body

  bool allows(unsigned status) const;
};

/// One way in which a case may end.
struct Outcome {
  enum class Ending : std::uint8_t { kept, closed, any };
  std::vector<ExpectedAnswer> answers;
  Ending ending = Ending::closed;
};

struct Case {
  enum class Port : std::uint8_t { packet, admin, both };

  std::string topic;
  std::string name;     ///< unique in its topic
  std::string section;  ///< of which document: "9112 3.2", "contract"
  std::string place;    ///< "framing.cases:12"
  Port port = Port::packet;
  std::vector<Step> steps;
  std::vector<Outcome> outcomes;  ///< any of them

  // Of the last answer.
  std::vector<std::string> header_lines;  ///< "Allow: POST", or only a name
  std::vector<std::string> absent_headers;
  std::vector<std::string> texts;  ///< in its body

  std::vector<std::string> bodies;  ///< admitted, in order; none: only their number is compared with that of the 202s
  std::vector<std::string> forwarded;      ///< lines that go along with the last packet
  std::vector<std::string> not_forwarded;  ///< names that do not

  /// All that is sent.
  std::string bytes() const;
};

/// What `${NAME}` stands for.
using Names = std::map<std::string, std::string, std::less<>>;

/// The cases of one file. Throws std::runtime_error, with the place, when it is not well-formed. `definitions` and
/// `text` are whole files, `file` is the name of the second.
std::vector<Case> read_cases(std::string_view definitions, std::string_view text, std::string_view file,
                             const Names& names = {});

/// Those of all `folder`/*.cases; what `folder`/definitions names serves all of them.
std::vector<Case> load_cases(const std::string& folder, const Names& names);

}  // namespace logdist::http_cases
