// Names that somebody may have meant.
#pragma once

#include <string>
#include <vector>

namespace caffe {

// "; did you mean a or b?" with up to three known names near to `name`, or nothing: the rule of
// the bindings.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

}  // namespace caffe
