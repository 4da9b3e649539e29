#include "caffe/copy_values.hpp"
#include "caffe/layers/lstm_cell.hpp"
#include "caffe/layers/recurrent_layer.hpp"

namespace caffe {

// Long short-term memory (lstm_cell.hpp) over T steps of N streams: states h and c, output
// h. Parameters: W_xc (4D, K), b_c (4D), [W_xc_static (4D, Ks)], W_hc (4D, D), with gates in
// the order input, forget, output, candidate (RecurrentLayer; Donahue et al., Long-term
// recurrent convolutional networks, 2015).
template <typename T>
class LSTMLayer : public RecurrentLayer<T> {
 public:
  using RecurrentLayer<T>::RecurrentLayer;
  const char* type() const override { return "LSTM"; }

 protected:
  using Step = typename RecurrentLayer<T>::Step;
  int gates() const override { return 4; }
  int states() const override { return 2; }

  void forward_step(const Step& s) override {
    lstm_forward(extents(), s.cont, s.before[1], s.gates, s.gates, s.after[1], s.after[0]);
  }
  void backward_step(const Step& s, const T* dh, T* dc, T* dgates) override {
    lstm_backward(extents(), s.before[1], s.gates, s.after[1], dc, dh, dc, dgates);
  }
  void forward_outputs(Storage<T>& h, Storage<T>& y) override { copy(h, y); }
  void backward_outputs(Storage<T>&, Storage<T>& dy, Storage<T>& dh) override { copy(dy, dh); }

 private:
  LstmExtents extents() const { return {this->streams(), this->size()}; }
  static void copy(Storage<T>& from, Storage<T>& to) {
    copy_values(from.read(), static_cast<int64_t>(from.count()), to.write());
    to.written();
  }
};

CAFFE_REGISTER_LAYER(LSTM, LSTMLayer);

}  // namespace caffe
