#include "logdist/config/yaml/tree.hpp"

#include <fmt/format.h>
#include <simdjson.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>

#include "logdist/config/yaml/printable.hpp"

namespace logdist::config {
namespace {

constexpr std::size_t depth_max = 16;
// What all nodes may cost, copies behind anchors and aliases included: a text of
// a kilobyte can otherwise stand for gigabytes.
constexpr std::size_t cost_max = 16 << 20;
constexpr std::size_t cost_of_node = 64;

std::size_t line_of(const YAML::Mark& mark) { return mark.is_null() ? 0 : static_cast<std::size_t>(mark.line) + 1; }

std::size_t cost_of(const Node& node) {
  std::size_t cost = cost_of_node + node.text.size();
  for (const Node& key : node.keys) cost += cost_of(key);
  for (const Node& value : node.values) cost += cost_of(value);
  return cost;
}

Node node_at(Node::Type type, const YAML::Mark& mark) {
  Node node;
  node.type = type;
  node.line = line_of(mark);
  return node;
}

/// Whether `tag` says no more than YAML's own rules do. Ours are the table's.
bool is_usual_tag(const std::string& tag) {
  return tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
}

/// Turns yaml-cpp's events into a tree. Throws YAML::ParserException, as its
/// caller, the parser, does.
class TreeBuilder final : public YAML::EventHandler {
 public:
  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(node_at(Node::Type::null, mark), anchor, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    expect_usual(tag, mark);
    Node node = node_at(Node::Type::scalar, mark);
    node.plain = tag == "?";
    node.text = value;
    finish(std::move(node), anchor, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw YAML::ParserException(mark, "an alias inside its own anchor");
    spend(cost_of(found->second), mark);
    finish(found->second, YAML::NullAnchor, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Type::list, tag, anchor, mark);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Type::mapping, tag, anchor, mark);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
  };

  static void expect_usual(const std::string& tag, const YAML::Mark& mark) {
    if (!is_usual_tag(tag)) throw YAML::ParserException(mark, "the tag " + printable(tag) + " is not known");
  }

  void spend(std::size_t cost, const YAML::Mark& mark) {
    cost_ += cost;
    if (cost_ > cost_max) throw YAML::ParserException(mark, "too many values");
  }

  void open(Node::Type type, const std::string& tag, YAML::anchor_t anchor, const YAML::Mark& mark) {
    expect_usual(tag, mark);
    if (open_.size() == depth_max) {
      throw YAML::ParserException(mark, fmt::format("nested deeper than {} levels", depth_max));
    }
    open_.push_back({node_at(type, mark), anchor, mark});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    finish(std::move(closed.node), closed.anchor, closed.mark);
  }

  /// `node` is whole: keeps it under its anchor and hands it to its parent.
  void finish(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    spend(cost_of_node + node.text.size(), mark);
    if (anchor != YAML::NullAnchor) {
      spend(cost_of(node), mark);
      anchored_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = open_.back().node;
    const bool is_key = parent.type == Node::Type::mapping && parent.keys.size() == parent.values.size();
    (is_key ? parent.keys : parent.values).push_back(std::move(node));
  }

  std::vector<Open> open_;                   // lists and mappings not yet closed, outermost first
  std::map<YAML::anchor_t, Node> anchored_;  // what aliases stand for
  std::size_t cost_ = 0;
  Node root_;
};

bool is_control_character(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 && character != '\t' && character != '\r';
}

/// Finds what yaml-cpp would take as the text's end or replace without a word.
bool is_readable_text(std::string_view text, const std::string& source, Report& report) {
  bool readable = true;
  for (std::size_t line = 1; !text.empty() && !report.full(); ++line) {
    const std::string_view content = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), content.size() + 1));
    for (const char character : content) {
      if (!is_control_character(character)) continue;
      report.add_error({source, line, ""}, fmt::format("has the control character 0x{:02x}; allowed: text", character));
      readable = false;
      break;
    }
    // A line feed is never part of a longer UTF-8 sequence, so lines can be checked one by one.
    if (simdjson::validate_utf8(content.data(), content.size())) continue;
    report.add_error({source, line, ""}, "is not valid UTF-8");
    readable = false;
  }
  return readable;
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, const std::string& source, Report& report) {
  if (text.size() > text_bytes_max) {
    report.add_error({source, 0, ""}, fmt::format("is larger than {}MiB", text_bytes_max >> 20));
    return std::nullopt;
  }
  if (!is_readable_text(text, source, report)) return std::nullopt;
  try {
    // Without its trailing blanks: before them yaml-cpp takes the end of the text
    // for the end of a quoted scalar that nobody closed.
    std::istringstream stream{std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1))};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return Node{};
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      report.add_error({source, second.take_root().line, ""}, "a second document begins here; allowed: one");
      return std::nullopt;
    }
    return builder.take_root();
  } catch (const YAML::Exception& error) {
    report.add_error({source, line_of(error.mark), ""}, "is not valid YAML: " + printable(error.msg));
  } catch (const std::exception& error) {
    report.add_error({source, 0, ""}, std::string("is not readable as YAML: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace logdist::config
