#include "case.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace logdist::http_cases {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The first word, which leaves `text`.
std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  text = trim(text);
  return word;
}

unsigned hex_digit(char byte) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t value = digits.find(byte);
  if (value == digits.npos) throw std::runtime_error("\\x wants two lower-case hexadecimal digits");
  return static_cast<unsigned>(value);
}

/// `\r \n \t \\ \xHH` as the bytes they stand for.
std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes += text[at];
      continue;
    }
    const char kind = ++at < text.size() ? text[at] : '\0';
    switch (kind) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case '\\': bytes += '\\'; break;
      case 'x':
        if (at + 2 >= text.size()) throw std::runtime_error("\\x wants two digits");
        bytes += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
        at += 2;
        break;
      default: throw std::runtime_error("unknown escape");
    }
  }
  return bytes;
}

/// Reads one file, line by line.
class Reader {
 public:
  Reader(std::string_view file, const Names& names) : file_(file), names_(names) {}

  void read(std::string_view text) {
    line_ = 0;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      ++line_;
      try {
        take(trim(line));
      } catch (const std::exception& error) {
        throw std::runtime_error(place() + ": " + error.what());
      }
    }
  }

  std::vector<Case> finish() {
    end_case();
    return std::move(cases_);
  }

 private:
  std::string place() const { return file_ + ':' + std::to_string(line_); }

  void take(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    const std::string_view word = take_word(line);
    if (word == "let") return define(line);
    if (word == "topic") {
      topic_ = line;
    } else if (word == "case" || word == "table") {
      begin_case(line, word == "table");
    } else if (word == "row") {
      rows_.emplace_back(line, place());
    } else if (word == "port" && !open_) {
      default_port_ = port_of(line);
    } else if (!open_) {
      if (word != "layer") throw std::runtime_error("comes before a case");
    } else {
      lines_.emplace_back(word, line);
    }
  }

  void define(std::string_view line) {
    const std::string name(take_word(line));
    if (take_word(line) != "=") throw std::runtime_error("let NAME = TEXT");
    names_[name] = line;
  }

  void begin_case(std::string_view line, bool table) {
    end_case();
    const std::size_t end = line.find(']');
    if (!line.starts_with('[') || end == line.npos) throw std::runtime_error("wants [SECTION] and a name");
    open_ = Case{};
    open_->topic = topic_;
    open_->section = line.substr(1, end - 1);
    open_->name = trim(line.substr(end + 1));
    open_->place = place();
    open_->port = default_port_;
    table_ = table;
  }

  /// A table is as many cases as it has rows.
  void end_case() {
    if (!open_) return;
    try {
      expand_table();
    } catch (const std::exception& error) {
      throw std::runtime_error(open_->place + ": " + error.what());
    }
    names_.erase("1");
    rows_.clear();
    lines_.clear();
    open_.reset();
  }

  void expand_table() {
    if (table_ == rows_.empty()) throw std::runtime_error("rows belong to a table, at least one");
    if (!table_) rows_.emplace_back("", open_->place);
    for (const auto& [row, place] : rows_) {
      Case one = *open_;
      one.place = place;
      if (const std::size_t at = one.name.find("${1}"); at != std::string::npos) one.name.replace(at, 4, row);
      names_["1"] = row;
      for (const auto& [word, text] : lines_) fill(one, word, text);
      if (one.steps.empty() || one.outcomes.empty()) throw std::runtime_error("neither send nor want");
      cases_.push_back(std::move(one));
    }
  }

  void fill(Case& one, std::string_view word, std::string_view text) {
    if (word == "send") return one.steps.push_back({Step::Kind::send, bytes_of(text)});
    if (word == "post") return one.steps.push_back(packet_of("application/json", bytes_of(text)));
    if (word == "ndjson") return one.steps.push_back(packet_of("application/x-ndjson", bytes_of(text)));
    if (word == "with") {
      with_ = bytes_of(text);
      return;
    }
    if (word == "wait") return one.steps.push_back({Step::Kind::wait, {}});
    if (word == "half-close") return one.steps.push_back({Step::Kind::half_close, {}});
    if (word == "want") return one.outcomes.push_back(outcome_of(text));
    if (word == "port") {
      one.port = port_of(text);
      return;
    }
    if (word == "layer" || word == "why") return;  // for `compare`
    if (word == "has") return one.header_lines.push_back(bytes_of(text));
    if (word == "lacks") return one.absent_headers.push_back(std::string(text));
    if (word == "says") return one.texts.push_back(bytes_of(text));
    if (word == "body") return one.bodies.push_back(bytes_of(text));
    if (word == "forwards") return one.forwarded.push_back(bytes_of(text));
    if (word == "drops") return one.not_forwarded.push_back(std::string(text));
    throw std::runtime_error("unknown word " + std::string(word));
  }

  /// A packet with its length, and what was to go with it.
  Step packet_of(std::string_view type, std::string_view body) {
    std::string bytes = "POST /v1/packets HTTP/1.1\r\nHost: localhost\r\nContent-Type: ";
    bytes.append(type).append("\r\n").append(std::exchange(with_, {}));
    bytes.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return {Step::Kind::send, std::move(bytes)};
  }

  static Case::Port port_of(std::string_view text) {
    if (text == "packet") return Case::Port::packet;
    if (text == "admin") return Case::Port::admin;
    if (text == "both") return Case::Port::both;
    throw std::runtime_error("port packet, admin or both");
  }

  /// `202 405/head 400|501 kept`
  static Outcome outcome_of(std::string_view text) {
    Outcome outcome;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
      if (text.empty()) {
        if (word != "kept" && word != "closed" && word != "any") throw std::runtime_error("want … kept, closed or any");
        outcome.ending = word == "kept"  ? Outcome::Ending::kept
                         : word == "any" ? Outcome::Ending::any
                                         : Outcome::Ending::closed;
        break;
      }
      ExpectedAnswer answer;
      answer.to_head = word.ends_with("/head");
      std::string statuses(word.substr(0, word.find('/')));
      std::replace(statuses.begin(), statuses.end(), '|', ' ');
      std::istringstream numbers(statuses);
      answer.statuses.assign(std::istream_iterator<unsigned>(numbers), {});
      if (answer.statuses.empty()) throw std::runtime_error("want: no status: " + std::string(word));
      outcome.answers.push_back(answer);
    }
    return outcome;
  }

  std::string bytes_of(std::string_view text) const { return unescape(expand(text)); }

  /// Puts in what stands for `${NAME}`, and for `${COUNT*TEXT}` the text as often.
  std::string expand(std::string_view text) const {
    std::string out;
    while (true) {
      const std::size_t begin = text.find("${");
      out += text.substr(0, begin);
      if (begin == text.npos) return out;
      text.remove_prefix(begin + 2);
      const std::size_t end = text.find('}');
      if (end == text.npos) throw std::runtime_error("${ without }");
      const std::string_view name = text.substr(0, end);
      text.remove_prefix(end + 1);
      const std::size_t star = name.find('*');
      if (star != name.npos) {
        const int count = std::stoi(std::string(name.substr(0, star)));
        for (int i = 0; i < count; ++i) out += name.substr(star + 1);
        continue;
      }
      const auto found = names_.find(name);
      if (found == names_.end()) throw std::runtime_error("unknown name " + std::string(name));
      out += expand(found->second);
    }
  }

  const std::string file_;
  int line_ = 0;
  std::string topic_;
  Case::Port default_port_ = Case::Port::packet;
  Names names_;
  std::string with_;  ///< header lines of the next packet
  std::optional<Case> open_;
  bool table_ = false;
  std::vector<std::pair<std::string, std::string>> lines_;  ///< of the open case
  std::vector<std::pair<std::string, std::string>> rows_;   ///< with their places
  std::vector<Case> cases_;
};

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

bool ExpectedAnswer::allows(unsigned status) const {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

std::string Case::bytes() const {
  std::string all;
  for (const Step& step : steps) all += step.bytes;
  return all;
}

std::vector<Case> read_cases(std::string_view definitions, std::string_view text, std::string_view file,
                             const Names& names) {
  Reader reader(file, names);
  reader.read(definitions);
  reader.read(text);
  return reader.finish();
}

std::vector<Case> load_cases(const std::string& folder, const Names& names) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cases") files.insert(entry.path());
  }
  const std::string definitions = content_of(folder + "/definitions");
  std::vector<Case> all;
  std::set<std::string> taken;
  for (const auto& path : files) {
    for (Case& one : read_cases(definitions, content_of(path), path.filename().string(), names)) {
      if (!taken.insert(one.topic + '/' + one.name).second)
        throw std::runtime_error(one.place + ": a second case of this name: " + one.name);
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace logdist::http_cases
