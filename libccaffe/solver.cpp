// ccaffe.h, section "solver".
#include <optional>

#include "caffe/io.hpp"
#include "handles.hpp"

using caffe::Code;
using ccaffe::check_count;
using ccaffe::given;
using ccaffe::guard;

ccaffe_status ccaffe_solver_create(const void* solver_param, size_t size, int32_t threads,
                                   ccaffe_solver** solver) {
  return guard([&] {
    given(solver_param, "solver_param");
    given(solver, "solver");
    caffe::SolverParameter param;
    caffe::parse_binary(solver_param, size, "the solver's message", &param);
    *solver = ccaffe::add_solver(caffe::create_solver<float>(param, threads));
  });
}

ccaffe_status ccaffe_solver_destroy(ccaffe_solver* solver) {
  return guard([&] { ccaffe::destroy(solver); });
}

ccaffe_status ccaffe_solver_net(ccaffe_solver* solver, ccaffe_net** net) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    *given(net, "net") = ccaffe::lend_net(locked, &locked->net());
  });
}

ccaffe_status ccaffe_solver_num_test_nets(ccaffe_solver* solver, int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    *given(count, "count") = static_cast<int32_t>(locked->test_nets().size());
  });
}

ccaffe_status ccaffe_solver_test_net(ccaffe_solver* solver, int32_t index, ccaffe_net** net) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    given(net, "net");
    caffe::require(!locked->test_nets().empty(), Code::kState, "the solver has no test net");
    ccaffe::check_index(index, static_cast<int64_t>(locked->test_nets().size()), "test net");
    *net = ccaffe::lend_net(locked, locked->test_nets()[index].get());
  });
}

ccaffe_status ccaffe_solver_step(ccaffe_solver* solver, int32_t iterations, float* loss) {
  return guard([&] {
    const float smoothed = ccaffe::lock_running(solver)->step(iterations);
    if (loss != nullptr) *loss = smoothed;
  });
}

ccaffe_status ccaffe_solver_set_auto_test(ccaffe_solver* solver, int32_t on) {
  return guard([&] { ccaffe::lock_idle(solver)->set_auto_test(on != 0); });
}

ccaffe_status ccaffe_solver_test(ccaffe_solver* solver, int32_t test_net, int32_t batches) {
  return guard([&] { ccaffe::lock_running(solver)->test(test_net, batches); });
}

ccaffe_status ccaffe_solver_scores(ccaffe_solver* solver, const float** sums, int32_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    given(sums, "sums");
    given(count, "count");
    *sums = locked->scores().data();
    *count = static_cast<int32_t>(locked->scores().size());
  });
}

ccaffe_status ccaffe_solver_iteration(ccaffe_solver* solver, int32_t* iteration) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    *given(iteration, "iteration") = locked->iteration();
  });
}

ccaffe_status ccaffe_solver_set_iteration(ccaffe_solver* solver, int32_t iteration) {
  return guard([&] { ccaffe::lock_idle(solver)->set_iteration(iteration); });
}

ccaffe_status ccaffe_solver_set_seed(ccaffe_solver* solver, int64_t seed) {
  return guard([&] { ccaffe::lock_idle(solver)->set_seed(seed); });
}

ccaffe_status ccaffe_solver_learning_rate(ccaffe_solver* solver, float* rate) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    *given(rate, "rate") = locked->learning_rate();
  });
}

ccaffe_status ccaffe_solver_set_learning_rate(ccaffe_solver* solver, const float* rate) {
  return guard([&] {
    ccaffe::lock_idle(solver)->set_learning_rate(rate == nullptr ? std::nullopt
                                                                 : std::optional<float>(*rate));
  });
}

ccaffe_status ccaffe_solver_history_count(ccaffe_solver* solver, int64_t* count) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    *given(count, "count") = locked->history_count();
  });
}

ccaffe_status ccaffe_solver_read_history(ccaffe_solver* solver, float* values, int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    given(values, "values");
    check_count(count, locked->history_count());
    locked->read_history(values);
  });
}

ccaffe_status ccaffe_solver_write_history(ccaffe_solver* solver, const float* values,
                                          int64_t count) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(solver);
    given(values, "values");
    check_count(count, locked->history_count());
    locked->write_history(values);
  });
}

ccaffe_status ccaffe_solver_snapshot(ccaffe_solver* solver, const char* prefix,
                                     ccaffe_buffer** files) {
  return guard([&] {
    const auto locked = ccaffe::lock(solver);
    const auto paths = locked->snapshot(prefix == nullptr ? "" : prefix);
    if (files != nullptr) *files = ccaffe::add_buffer(paths.first + "\n" + paths.second + "\n");
  });
}

ccaffe_status ccaffe_solver_restore(ccaffe_solver* solver, const char* filename,
                                    ccaffe_buffer** report) {
  return guard([&] {
    const auto locked = ccaffe::lock_idle(solver);
    const std::string text = locked->restore(given(filename, "filename")).text();
    if (report != nullptr) *report = ccaffe::add_buffer(text);
  });
}
