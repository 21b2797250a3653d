"""Runs over many images: each is submitted once and has an outcome, through network faults, kills and restarts.

`_run` is the frame of a run. `_image_files` and `_image_keys` list its images, `_submission` uploads and submits them,
`_job_poller` waits for jobs, `_lost_replies` finds the jobs of lost answers. `_run_state` is what their threads share,
`_error_action` decides what an error means, `_pace` limits the rate. `_callback_listener` and `_accept` take callbacks.
"""
