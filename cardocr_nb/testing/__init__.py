"""A double of the service for the tests of programs that call it, with any SDK and in any language.

`CardOCRService` is the embedded service behind HTTP on a free port, with readings that a test sets (no engine is needed),
failures on request, and assertions about what was paid for. Under pytest the fixture ``cardocr_service`` gives a new one to
each test; the module ``cardocr_service`` of this distribution registers it. Needs the extra ``local``.

======================================== ==============================================================================
what the service answers                  `CardOCRService.set_reading`, `~CardOCRService.set_failure`, `~CardOCRService.replay`
what goes wrong                           `CardOCRService.inject`, `~CardOCRService.set_rates`, `~CardOCRService.pause`
what a test asks                          `CardOCRService.assert_paid_once` and the other assertions, `paid`, `calls`, `jobs`
======================================== ==============================================================================
"""

from cardocr_nb._error_guard import guard_public
from cardocr_nb.testing._call_log import PaidCall, ServiceCall
from cardocr_nb.testing._service_double import CardOCRService, UnusedReadingWarning

__all__ = ["CardOCRService", "PaidCall", "ServiceCall", "UnusedReadingWarning"]

guard_public(__all__, __name__)
