// The names of gloo that ProcessGroupGloo.hpp mentions. libtorch_cpu.so contains gloo, but its wheel
// lacks gloo's headers. Objects of these types are only held behind pointers; ranks_group.cpp asserts
// that the size of ProcessGroupGloo is the library's.
#pragma once
#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
