"""Where a member proves who she is and gets her credential signed, unseen."""
