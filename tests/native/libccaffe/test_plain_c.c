/* ccaffe.h from C99: it compiles alone, and a net runs. */
#include "ccaffe.h"

static const char kNet[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }"
    "layer { name: 'relu' type: 'ReLU' bottom: 'x' top: 'y' }";

/* 0, or the number of the step that failed. */
int run_from_plain_c(void) {
  ccaffe_buffer* buffer = NULL;
  ccaffe_net* net = NULL;
  ccaffe_blob* blob = NULL;
  const char* message = NULL;
  size_t size = 0;
  const float in[2] = {-1.0f, 3.0f};
  float out[2] = {5.0f, 5.0f};
  if (ccaffe_spec_from_text(CCAFFE_SPEC_NET, kNet, sizeof(kNet) - 1, "c", &buffer)) return 1;
  if (ccaffe_buffer_content(buffer, &message, &size)) return 2;
  if (ccaffe_net_create(message, size, CCAFFE_PHASE_TEST, 0, -1, &net)) return 3;
  if (ccaffe_buffer_destroy(buffer)) return 4;
  if (ccaffe_net_blob(net, 0, &blob)) return 5;
  if (ccaffe_blob_write(blob, CCAFFE_DATA, in, 2)) return 6;
  if (ccaffe_net_forward(net, -1, -1, NULL)) return 7;
  if (ccaffe_net_blob(net, 1, &blob)) return 8;
  if (ccaffe_blob_read(blob, CCAFFE_DATA, out, 2)) return 9;
  if (ccaffe_net_destroy(net)) return 10;
  return out[0] == 0.0f && out[1] == 3.0f ? 0 : 11;
}
